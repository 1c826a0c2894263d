import type { RouteRecordRaw } from "vue-router";
import { t } from "./texts";

export const routes: RouteRecordRaw[] = [
  { path: "/login", component: () => import("./pages/Login.vue"), meta: { title: t.login.title, open: true } },
  { path: "/", component: () => import("./pages/Home.vue"), meta: { title: t.name } },
  {
    path: "/queue/:what(review|approved|producing|produced)",
    component: () => import("./pages/Queue.vue"),
    meta: { title: t.queue.title },
  },
  {
    path: "/applications/:number(\\d{17})",
    component: () => import("./pages/Application.vue"),
    meta: { title: t.application.title },
  },
  { path: "/production", component: () => import("./pages/Production.vue"), meta: { title: t.production.title } },
  { path: "/dispatch", component: () => import("./pages/Dispatch.vue"), meta: { title: t.dispatch.title } },
  {
    path: "/dispatch/batch",
    component: () => import("./pages/DispatchBatch.vue"),
    meta: { title: t.dispatch.batch },
  },
  {
    path: "/dispatch/packing",
    component: () => import("./pages/Packing.vue"),
    meta: { title: t.dispatch.packing.title },
  },
  { path: "/accounts", component: () => import("./pages/Organizations.vue"), meta: { title: t.accounts.title } },
  {
    path: "/accounts/new-organization",
    component: () => import("./pages/NewOrganization.vue"),
    meta: { title: t.accounts.organization.title },
  },
  {
    path: "/changes/mobiles",
    component: () => import("./pages/MobileChanges.vue"),
    meta: { title: t.changes.tabs.mobiles },
  },
  {
    path: "/changes/organizations",
    component: () => import("./pages/OrganizationChanges.vue"),
    meta: { title: t.changes.tabs.organizations },
  },
  {
    path: "/accounts/:id([0-9a-z]{26})/change",
    component: () => import("./pages/ChangeOrganization.vue"),
    meta: { title: t.organizationChanges.enter },
  },
  {
    path: "/accounts/new",
    component: () => import("./pages/NewAccount.vue"),
    meta: { title: t.accounts.account.title },
  },
  { path: "/accounts/people", component: () => import("./pages/People.vue"), meta: { title: t.accounts.people } },
  {
    path: "/accounts/people/:id",
    component: () => import("./pages/Person.vue"),
    meta: { title: t.accounts.one.title },
  },
  {
    path: "/accounts/people/:id([0-9a-z]{26})/mobile",
    component: () => import("./pages/ChangeMobile.vue"),
    meta: { title: t.mobileChanges.title },
  },
  { path: "/search", component: () => import("./pages/Search.vue"), meta: { title: t.search.title } },
  { path: "/statistics", component: () => import("./pages/Statistics.vue"), meta: { title: t.statistics.title } },
  {
    path: "/usbkeys/:card([0-9A-Za-z-]{1,32})",
    component: () => import("./pages/UsbKey.vue"),
    meta: { title: t.usbkey.title },
  },
  {
    path: "/certificates/:serial([0-9a-f]{32})",
    component: () => import("./pages/Certificate.vue"),
    meta: { title: t.certificates.one },
  },
  {
    path: "/finance/bills",
    component: () => import("./pages/Reconciliation.vue"),
    meta: { title: t.finance.tabs.bills },
  },
  {
    path: "/finance/approvals",
    component: () => import("./pages/Refunds.vue"),
    meta: { title: t.finance.tabs.approvals },
  },
  {
    path: "/finance/:state(transfers|refunding|refused|refunded|paid)",
    component: () => import("./pages/Finance.vue"),
    meta: { title: t.finance.title },
  },
  {
    path: "/invoices/:state(trouble|due|requested|sent|all)",
    component: () => import("./pages/Invoices.vue"),
    meta: { title: t.invoices.title },
  },
  {
    path: "/revocations",
    component: () => import("./pages/Revocations.vue"),
    meta: { title: t.revocations.title },
  },
  {
    path: "/halted/:which(held|transit|suspended)",
    component: () => import("./pages/Halted.vue"),
    meta: { title: t.halted.title },
  },
  {
    path: "/settings/tariff",
    component: () => import("./pages/Tariff.vue"),
    meta: { title: t.settings.tabs.tariff },
  },
  {
    path: "/settings/notices",
    component: () => import("./pages/Templates.vue"),
    meta: { title: t.settings.tabs.notices },
  },
  {
    path: "/settings/notices/:name([a-z-]{1,64})",
    component: () => import("./pages/Template.vue"),
    meta: { title: t.settings.tabs.notices },
  },
  {
    path: "/settings/others",
    component: () => import("./pages/OtherSettings.vue"),
    meta: { title: t.settings.tabs.others },
  },
  { path: "/notices", component: () => import("./pages/Notices.vue"), meta: { title: t.notices.title } },
  { path: "/audit", component: () => import("./pages/Audit.vue"), meta: { title: t.audit.title } },
  {
    path: "/:other(.*)*",
    component: () => import("@shared/components/NotFound.vue"),
    meta: { title: "没有这个页面", open: true },
  },
];
