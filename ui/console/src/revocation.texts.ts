/* The words about certificates that somebody wants revoked, and about who runs an organization. */
export const revocations = {
  title: "待吊销",
  lead: "单位申请吊销的，和账户注销后待吊销的证书，最急的在前。核实后签名吊销，或说明理由不吊销；结果通知申请人。",
  none: "没有等待吊销的证书。",
  columns: {
    who: "使用人 / 单位",
    certificate: "证书",
    asked: "申请",
    why: "原因",
    due: "期限",
    action: "操作",
  },
  asked: { organization: "单位管理员", console: "账户注销" },
  decide: "处理",
  view: "查看",
  count: "项待办",
  one: "处理吊销申请",
  rows: { holder: "使用人", organization: "单位", asked: "申请人", why: "原因", words: "说明", state: "证书状态" },
  more: "查看证书经历",
  revoke: "吊销证书",
  leave: "不吊销",
  leaveBody: "证书保持原状。理由以短信和邮件告诉申请人，申请人可以补充说明后重新申请。",
  leaveBodyConsole: "证书保持原状，理由记入操作记录。账户已注销，用它不能登录。",
  words: "理由",
  wordsHint: "写给申请人，例如：与使用人本人核实，仍在职",
  leaveAction: "不吊销，通知申请人",
  revoked: (name: string) => `${name}的证书已吊销，已公布，通知已发送。`,
  left: (name: string) => `${name}的证书保持原状，理由已记录。`,
};

export const administrators = {
  runs: "单位管理员",
  body: "可以查看本单位人员的证书和受理单，冻结证书，申请吊销，委托经办人。",
  name: "设为单位管理员",
  end: "取消单位管理员",
  named: "已设为单位管理员，重新登录服务平台后生效。",
  ended: "已不再是单位管理员。",
};

export const held = {
  row: "冻结",
  byHolder: (when: string) => `使用人本人于 ${when} 挂失`,
  byOrganization: (name: string, when: string) => `单位管理员${name}于 ${when} 以单位名义冻结`,
  asked: { holder: "使用人本人", organization: (name: string) => `单位管理员${name}` },
};
