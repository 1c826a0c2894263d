/* What every app does at its start: pages by path, who is logged in, where to go when nobody is. */
import { createApp, type Component } from "vue";
import { createRouter, createWebHistory, type RouteRecordRaw } from "vue-router";
import { onLoginNeeded } from "./api/call";
import { watchKeyboard } from "./base/keyboard";
import { loadSession, onOtherTab, session, sessionLost } from "./base/session";
import "./look";

declare module "vue-router" {
  interface RouteMeta {
    title: string;
    /** for everyone, logged in or not */
    open?: boolean;
  }
}

export function start(root: Component, options: { name: string; home: string; routes: RouteRecordRaw[] }): void {
  const router = createRouter({
    history: createWebHistory(),
    routes: options.routes,
    scrollBehavior: (_to, _from, saved) => saved ?? { top: 0 },
  });

  router.beforeEach(async (to) => {
    if (to.meta.open && to.path !== "/login") {
      void loadSession().catch(() => undefined);
      return true;
    }
    const who = await loadSession();
    if (to.path === "/login") return who && !to.query.again ? options.home : true;
    return who ? true : { path: "/login", query: to.path === options.home ? {} : { next: to.fullPath } };
  });
  router.afterEach((to) => {
    document.title = `${to.meta.title} - ${options.name}`;
  });

  const toLogin = () => {
    sessionLost();
    const at = router.currentRoute.value;
    if (at.path !== "/login") router.push({ path: "/login", query: { next: at.fullPath, ended: "1" } });
  };
  onLoginNeeded(toLogin);
  onOtherTab((now) => {
    if (now === "out") toLogin();
    else if (!session.value) {
      session.known = false;
      router.replace((router.currentRoute.value.query.next as string) || options.home);
    }
  });

  watchKeyboard();
  createApp(root).use(router).mount("#app");
}

/* Where to go after a login: only to pages of this app. */
export function nextPath(query: Record<string, unknown>, home: string): string {
  const next = query.next;
  return typeof next === "string" && /^\/(?!\/)/.test(next) && !next.startsWith("/login") ? next : home;
}
