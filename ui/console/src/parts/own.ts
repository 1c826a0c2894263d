/* The operator's own key: what is signed here must be signed by the certificate that logged in (R-OPS-3). */
import { signingCertificate, type AgentKey } from "@shared/agent/usbkey";
import { session } from "@shared/base/session";

export const isOwn = (key: AgentKey) => signingCertificate(key)?.serial === session.value?.serial;
