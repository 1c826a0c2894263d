import type { RouteRecordRaw } from "vue-router";
import { t } from "./texts";

const application = "/applications/:number(\\d{17})";
const ownCertificate = "/organization/certificates/:serial([0-9a-f]{32})";

/* Login and home come with the first load, the rest when it is gone to. */
export const routes: RouteRecordRaw[] = [
  { path: "/login", component: () => import("./pages/Login.vue"), meta: { title: t.login.title, open: true } },
  { path: "/", component: () => import("./pages/Home.vue"), meta: { title: t.home.title } },
  { path: "/help", component: () => import("./pages/Help.vue"), meta: { title: t.help.title, open: true } },
  { path: "/certificates", component: () => import("./pages/Certificates.vue"), meta: { title: t.certificate.title } },
  {
    path: "/certificates/:serial([0-9a-f]{32})/hold",
    component: () => import("./pages/Hold.vue"),
    meta: { title: t.hold.title },
  },
  {
    path: "/certificates/:serial([0-9a-f]{32})/proof",
    component: () => import("./pages/Proof.vue"),
    meta: { title: t.proof.title },
  },
  { path: "/organization", redirect: "/organization/certificates" },
  {
    path: "/organization/certificates",
    component: () => import("./pages/OwnCertificates.vue"),
    meta: { title: `${t.own.title}：${t.own.tabs.certificates}` },
  },
  {
    path: ownCertificate,
    component: () => import("./pages/OwnCertificate.vue"),
    meta: { title: t.own.certificate.title },
  },
  {
    path: `${ownCertificate}/hold`,
    component: () => import("./pages/OwnHold.vue"),
    meta: { title: t.own.hold.title },
  },
  {
    path: `${ownCertificate}/revocation`,
    component: () => import("./pages/OwnRevocation.vue"),
    meta: { title: t.own.revocation.title },
  },
  {
    path: "/organization/applications",
    component: () => import("./pages/OwnApplications.vue"),
    meta: { title: `${t.own.title}：${t.own.tabs.applications}` },
  },
  {
    path: `/organization${application}`,
    component: () => import("./pages/OwnApplication.vue"),
    meta: { title: t.own.application.title },
  },
  {
    path: `/organization${application}/deputy`,
    component: () => import("./pages/OwnDeputy.vue"),
    meta: { title: t.deputy.title },
  },
  {
    path: "/organization/people",
    component: () => import("./pages/OwnPeople.vue"),
    meta: { title: `${t.own.title}：${t.own.tabs.people}` },
  },
  {
    path: "/organization/people/:id([0-9a-z]{26})",
    component: () => import("./pages/OwnPerson.vue"),
    meta: { title: t.own.person.title },
  },
  { path: "/applications", component: () => import("./pages/Applications.vue"), meta: { title: t.applications.title } },
  { path: "/account", component: () => import("./pages/Account.vue"), meta: { title: t.account.title } },
  {
    path: "/account/mobile",
    component: () => import("./pages/NewMobile.vue"),
    meta: { title: t.account.mobile.title },
  },
  {
    path: "/account/mobile/evidence",
    component: () => import("./pages/MobileEvidence.vue"),
    meta: { title: t.account.evidence.title },
  },
  {
    path: "/account/mobile/check",
    component: () => import("./pages/MobileCheck.vue"),
    meta: { title: t.account.check.title },
  },
  { path: "/services/:service", component: () => import("./pages/Start.vue"), meta: { title: t.start.title } },
  { path: application, component: () => import("./pages/Application.vue"), meta: { title: t.task.title } },
  {
    path: `${application}/agreement`,
    component: () => import("./pages/Agreement.vue"),
    meta: { title: t.agreement.title },
  },
  {
    path: `${application}/organization`,
    component: () => import("./pages/Organization.vue"),
    meta: { title: t.organization.title },
  },
  { path: `${application}/holder`, component: () => import("./pages/Holder.vue"), meta: { title: t.holder.title } },
  { path: `${application}/reason`, component: () => import("./pages/Reason.vue"), meta: { title: t.reason.title } },
  {
    path: `${application}/successor`,
    component: () => import("./pages/Successor.vue"),
    meta: { title: t.successor.title },
  },
  { path: `${application}/deputy`, component: () => import("./pages/Deputy.vue"), meta: { title: t.deputy.title } },
  { path: `${application}/invoice`, component: () => import("./pages/Invoice.vue"), meta: { title: t.invoice.title } },
  {
    path: `${application}/invoices`,
    component: () => import("./pages/Invoices.vue"),
    meta: { title: t.invoices.title },
  },
  { path: `${application}/medium`, component: () => import("./pages/Medium.vue"), meta: { title: t.medium.title } },
  { path: `${application}/address`, component: () => import("./pages/Address.vue"), meta: { title: t.medium.address } },
  { path: `${application}/check`, component: () => import("./pages/Check.vue"), meta: { title: t.check.title } },
  { path: `${application}/form`, component: () => import("./pages/Form.vue"), meta: { title: t.form.title } },
  {
    path: `${application}/materials`,
    component: () => import("./pages/Materials.vue"),
    meta: { title: t.materials.title },
  },
  { path: `${application}/submit`, component: () => import("./pages/Submit.vue"), meta: { title: t.submit.title } },
  { path: `${application}/payment`, component: () => import("./pages/Payment.vue"), meta: { title: t.payment.title } },
  { path: `${application}/unlock`, component: () => import("./pages/Unlock.vue"), meta: { title: t.unlock.title } },
  {
    path: `${application}/download`,
    component: () => import("./pages/Download.vue"),
    meta: { title: t.download.title },
  },
  {
    path: `${application}/withdraw`,
    component: () => import("./pages/Withdraw.vue"),
    meta: { title: t.withdraw.title },
  },
  {
    path: "/:other(.*)*",
    component: () => import("@shared/components/NotFound.vue"),
    meta: { title: "没有这个页面", open: true },
  },
];
