import type { RouteRecordRaw } from "vue-router";
import { t } from "./texts";

export const routes: RouteRecordRaw[] = [
  { path: "/", component: () => import("./pages/Home.vue"), meta: { title: t.home.title, open: true } },
  { path: "/login", component: () => import("./pages/Login.vue"), meta: { title: t.login.title, open: true } },
  { path: "/tools", component: () => import("./pages/Tools.vue"), meta: { title: t.download.title, open: true } },
  {
    path: "/:other(.*)*",
    component: () => import("@shared/components/NotFound.vue"),
    meta: { title: "没有这个页面", open: true },
  },
];
