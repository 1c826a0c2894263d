/* The words of an organization's own account. */
export const own = {
  title: "本单位",
  lead: "您是本单位的管理员：可以查看本单位人员的证书和受理单，冻结离职等人员的证书，申请吊销，为受理单委托经办人。",
  tabs: { certificates: "证书", applications: "受理单", people: "人员" },
  search: { text: "姓名", number: "姓名或受理单号", which: "范围", look: "查找" },
  which: { all: "全部证书", ending: "一个月内到期的", waiting: "申请吊销、等待审核的" },
  columns: {
    holder: "使用人",
    state: "状态",
    until: "有效期至",
    action: "操作",
    due: "预计办结",
    mobile: "手机号",
    email: "邮箱",
  },
  ending: (n: string) => `有 ${n} 张证书在一个月内到期`,
  endingBody: "请提醒使用人办理证书延期：到期后不能登录。",
  endingShow: "只看这些证书",
  none: {
    certificates: "没有符合条件的证书。",
    applications: "没有符合条件的受理单。",
    people: "没有符合条件的人员。",
  },
  view: "查看",
  accountStates: { open: "已开通", suspended: "已停用", closed: "已注销" },
  wishes: { waiting: "已申请吊销", refused: "吊销申请未通过", done: "" },

  person: {
    title: "人员",
    runs: "单位管理员",
    fields: { name: "姓名", mobile: "手机号", email: "邮箱", state: "账户", since: "开通时间" },
    certificates: "证书",
    applications: "受理单",
    more: "只列出最近的，其余请在列表中按姓名查找。",
    contact: "账户信息有误或人员离职需要停用账户的，请联系统一用户系统客服。",
  },

  certificate: {
    title: "证书",
    held: {
      title: "证书已冻结",
      byOrganization: (name: string, when: string) => `${name}于 ${when} 以本单位的名义冻结。`,
      byHolder: (when: string) => `使用人本人于 ${when} 挂失。`,
      after: (line?: string) =>
        `用它登录会被拒绝。需要解除的，请联系客服${line ? "（" + line + "）" : ""}，由审核人员签名解除；不再使用的，请申请吊销。`,
    },
    waiting: {
      title: "已申请吊销，等待审核",
      body: (name: string, when: string, due: string) =>
        `${name}于 ${when} 申请，预计 ${due}前办结。审核通过前证书仍可使用；需要立即停用的，请先冻结。`,
    },
    waitingHeld: (name: string, when: string, due: string) => `${name}于 ${when} 申请，预计 ${due}前办结。`,
    refused: {
      title: "吊销申请未通过，证书保持原状",
      body: (words: string, when: string) => `审核人员于 ${when} 答复：${words}`,
      again: "需要时可以补充说明后重新申请。",
    },
    reason: "原因",
    ask: "申请吊销",
    hold: "立即冻结",
    ended: "证书目前的状态不需要冻结或吊销。",
  },

  hold: {
    title: "冻结证书",
    what: "冻结以后",
    effects: (name: string) => [
      `立即生效：${name}用这张证书登录国资监管平台会被拒绝，已登录的会退出。`,
      "证书状态立即对外公布为“冻结”，签名证书和加密证书一起冻结。",
      `${name}和您都会收到短信和邮件；冻结人、时间写入签发日志，${name}的页面上写明由您以本单位的名义冻结。`,
      `您和${name}都不能自行解除：由运营人员审核后签名解除，请联系客服。${name}认为冻结不当的，也可以联系客服。`,
      "冻结不是吊销。人员离职、不再使用的，请另外申请吊销。",
      "同一张证书一天只能冻结一次。",
    ],
    action: "立即冻结",
    ask: "申请吊销",
    none: "证书目前的状态不能冻结。",
  },

  revocation: {
    title: "申请吊销证书",
    lead: "人员离职、调动或不再使用证书的，由单位申请吊销。",
    reason: "吊销原因",
    reasons: {
      affiliationChanged: "使用人离职或调动",
      cessationOfOperation: "不再使用",
      keyCompromise: "怀疑 USBKey 或口令已被他人使用",
      privilegeWithdrawn: "取消使用资格",
      unspecified: "其他原因",
      superseded: "已被新证书取代",
    } as Record<string, string>,
    words: "说明",
    wordsHint: "写明情况，例如：已于 3 月 1 日离职",
    next: "核对",
    check: "核对吊销申请",
    what: "提交以后",
    effects: (name: string, usable: boolean) => [
      "由运营人员审核，一般 1 至 3 个工作日；结果以短信和邮件通知您，也显示在证书页上。",
      ...(usable ? ["审核通过前证书仍可使用。需要立即停用的，请先冻结。"] : []),
      `审核通过后证书立即吊销，不能恢复。${name}会收到通知；需要时可以重新申请证书。`,
    ],
    action: "提交申请",
    change: "修改",
    none: "证书已吊销，或吊销申请正在审核，不需要再申请。",
  },

  application: {
    title: "受理单",
    fields: {
      holder: "使用人",
      service: "业务",
      state: "状态",
      submitted: "提交时间",
      due: "预计办结",
      finished: "办结时间",
      deputy: "经办人",
    },
    none: "没有委托",
    ended: (name: string) => `已取消委托（申请表上为${name}）`,
    back: "审核人员退回的原因",
    deputy: "委托或更换经办人",
    end: "取消委托",
    self: "填写、上传、付款由使用人或经办人登录办理；审核进度会通知使用人。",
  },

  deputy: {
    lead: "经办人可以替使用人填写信息、打印申请表、上传材料和缴费，并须上传委托书。同意协议、提交、短信确认、下载证书和设置口令仍由使用人本人办理。使用人会收到通知，不同意的可以取消。",
    closed: "申请已提交，现在不能委托经办人；已有的经办人可以取消。",
    back: "返回受理单",
  },
};
