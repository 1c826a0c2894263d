/* How a page uses the person's USBKey: it asks hufu-agent, which runs on the same computer (docs/PROTOCOL.agent).
 * No dependencies; ES2019; Chromium 80, Firefox 84 and later. A platform includes it like this:
 *
 *   import { HufuAgent } from './hufu-agent.js'
 *   const agent = new HufuAgent()
 *   const key = (await agent.keys()).find((k) => k.state === 'ready')
 *   const { certificate, signature } = await agent.sign(key, statement)   // the person enters the PIN
 *
 * Everything fails with an AgentError, whose kind says what to tell the person. The page's content policy must allow
 * connect-src http://127.0.0.1:18181, and the page must be served by HTTPS (localhost excepted): Chromium asks the
 * person once whether the site may reach programs on this computer, and refuses pages without HTTPS silently. */

/** Which kind an error of the agent is; what is not listed is "failed". */
const KINDS = {
  AGENT_ORIGIN: 'origin',
  AGENT_HOST: 'origin',
  AGENT_PEER: 'origin',
  AGENT_PRODUCTION: 'origin',
  AGENT_STATEMENT_ORIGIN: 'origin',
  AGENT_PAIRING_NEEDED: 'pairing',
  AGENT_CANCELLED: 'cancelled',
  AGENT_NO_DISPLAY: 'no-display',
  AGENT_WINDOW_OPEN: 'busy',
  AGENT_BUSY: 'busy',
  AGENT_NO_KEY: 'no-key',
  AGENT_KEY_REMOVED: 'no-key',
  AGENT_KEY_BLANK: 'blank',
  AGENT_MUST_CHANGE: 'must-change',
  AGENT_PIN_WRONG: 'wrong-pin',
  AGENT_PIN_LOCKED: 'locked',
  AGENT_LAST_TRIES: 'last-tries',
  AGENT_PIN_SIMPLE: 'weak-pin',
  AGENT_PIN_FORM: 'weak-pin',
  AGENT_PIN_PERSONAL: 'weak-pin',
  AGENT_PIN_SAME: 'weak-pin',
  AGENT_KEY_FULL: 'full',
  AGENT_STEP: 'step',
  AGENT_WRITE: 'step',
  AGENT_PROVED: 'step',
  AGENT_LIBRARY_CRASHED: 'driver',
  AGENT_LIBRARY_TIMEOUT: 'driver',
  AGENT_LIBRARY_FAILED: 'driver',
  AGENT_LIBRARY_UNABLE: 'driver',
  AGENT_LIBRARY_LAYOUT: 'driver',
}

/** What the page itself finds out, in the words for the person. */
const WORDS = {
  'not-installed': ['没有找到 USBKey 控件', '请先安装 USBKey 驱动和控件；已安装的请确认它正在运行，再刷新页面'],
  'not-running': ['USBKey 控件没有运行', '请从开始菜单启动 USBKey 控件，再刷新页面'],
  denied: ['浏览器禁止本网站访问本机的 USBKey 控件', '请点击地址栏左侧的图标，把“本地网络访问”改为“允许”，再刷新页面'],
  'insecure-page': ['页面不是通过 HTTPS 打开的，浏览器不允许它使用 USBKey', '请使用 https:// 开头的官方网址'],
  aborted: ['操作已取消', '需要时请重新操作'],
  failed: ['USBKey 控件的答复不能识别', '请把 USBKey 控件升级到最新版本'],
}

export class AgentError extends Error {
  /** kind: see hufu-agent.d.ts. answer: the agent's error object, where there is one. */
  constructor(kind, answer) {
    const [message, hint] = WORDS[kind] || WORDS.failed
    super((answer && answer.message) || message)
    this.name = 'AgentError'
    this.kind = kind
    this.code = (answer && answer.code) || 0
    this.hint = (answer && answer.hint) || hint
    this.detail = (answer && answer.detail) || ''
    this.errorName = (answer && answer.name) || ''
    this.requestId = (answer && answer.request_id) || ''
    if (answer && typeof answer.tries_left === 'number') this.triesLeft = answer.tries_left
  }
}

/* The browser's permission for programs on this computer has borne three names so far. */
const PERMISSIONS = ['loopback-network', 'local-network', 'local-network-access']

/** "granted", "denied", "prompt", or "" where the browser has no such permission. */
export async function loopbackPermission() {
  for (const name of PERMISSIONS) {
    try {
      const status = await navigator.permissions.query({ name })
      return status.state
    } catch (unknownName) {
      /* Next one: older and other browsers do not know it. */
    }
  }
  return ''
}

function memory() {
  try {
    return window.localStorage
  } catch (forbidden) {
    return null /* Storage is switched off: the person pairs once a page. */
  }
}

export class HufuAgent {
  /** options: port (18181), storage (where the pairing is kept; localStorage). */
  constructor(options) {
    const { port = 18181, storage = memory() } = options || {}
    this.url = 'http://127.0.0.1:' + port + '/v1/'
    this.storage = storage
    this.item = 'hufu-agent-pairing:' + port
    this.token = (storage && storage.getItem(this.item)) || ''
    this.pairing = null
  }

  /** Whether the agent is there, which version, and how it takes PINs. */
  hello(options) {
    return this.ask('hello', {}, options)
  }

  /** Pairs this website with the agent; the person confirms in the agent's window. */
  async pair(options) {
    /* Several calls at once are one question to the person. */
    if (!this.pairing) {
      this.pairing = this.ask('pair', {}, options)
      const done = () => { this.pairing = null }
      this.pairing.then(done, done)
    }
    const { token } = await this.pairing
    this.token = token
    if (this.storage) this.storage.setItem(this.item, token)
  }

  async keys(options) {
    const { keys } = await this.paired('keys', {}, options)
    return keys
  }

  /** pins: { old, new } where hello says "page", lastTries as in sign; birthDate (YYYY-MM-DD) and mobile, which no PIN
   *  may hold. */
  changePin(key, pins, options) {
    const { old, new: fresh, birthDate, mobile, lastTries } = pins || {}
    const fields = { key: idOf(key), old, new: fresh, birth_date: birthDate, mobile, last_tries: yes(lastTries) }
    return this.paired('change-pin', fields, options)
  }

  /** how: { pin } where hello says "page", { lastTries: true } when the person insists with two tries left. */
  sign(key, statement, how, options) {
    const { pin, lastTries } = how || {}
    return this.paired('sign', { key: idOf(key), statement, pin, last_tries: yes(lastTries) }, options)
  }

  /* ---- production: the operators' console only ---- */

  inspect(key, options) {
    return this.paired('inspect', { key: idOf(key) }, options)
  }

  open(key, answer, options) {
    const { device_answer, admin_sealed } = answer
    return this.paired('open', { key: idOf(key), device_answer, admin_sealed }, options)
  }

  prove(key, statement, options) {
    return this.paired('prove', { key: idOf(key), statement }, options)
  }

  write(key, certificates, options) {
    const { signing_certificate, encryption_certificate, enveloped_key } = certificates
    return this.paired('write', { key: idOf(key), signing_certificate, encryption_certificate, enveloped_key }, options)
  }

  writeRecovered(key, recovered, options) {
    const { encryption_certificate, enveloped_key } = recovered
    return this.paired('write-recovered', { key: idOf(key), encryption_certificate, enveloped_key }, options)
  }

  close(key, options) {
    return this.paired('close', { key: idOf(key) }, options)
  }

  /* ---- unlock ---- */

  unlockChallenge(key, options) {
    return this.paired('unlock-challenge', { key: idOf(key) }, options)
  }

  unlockAnswer(key, answer, options) {
    return this.paired('unlock-answer', { key: idOf(key), answer }, options)
  }

  /* ---- download: new certificates for the key that the person has ---- */

  /** how: { fresh: true } for another new key than the one in the making. */
  downloadOpen(key, how, options) {
    return this.paired('download-open', { key: idOf(key), fresh: yes(how && how.fresh) }, options)
  }

  /** how: as in sign. */
  downloadSign(key, statement, how, options) {
    const { pin, lastTries, approved } = how || {}
    const fields = { key: idOf(key), statement, pin, last_tries: yes(lastTries), approved: yes(approved) }
    return this.paired('download-sign', fields, options)
  }

  downloadWrite(key, certificates, options) {
    const { signing_certificate, encryption_certificate, enveloped_key } = certificates
    const fields = { key: idOf(key), signing_certificate, encryption_certificate, enveloped_key }
    return this.paired('download-write', fields, options)
  }

  /* ---- underneath ---- */

  /** As ask, but pairs first where that is needed. */
  async paired(operation, fields, options) {
    if (!this.token) await this.pair(options)
    try {
      return await this.ask(operation, fields, options)
    } catch (e) {
      if (e.kind !== 'pairing') throw e
    }
    await this.pair(options)
    return this.ask(operation, fields, options)
  }

  /** options: { signal } of an AbortController; the agent closes its window when the page gives up. */
  async ask(operation, fields, options) {
    const headers = { 'Content-Type': 'application/json' }
    if (this.token) headers['Hufu-Pairing'] = this.token
    let response
    try {
      response = await fetch(this.url + operation, {
        method: 'POST',
        headers,
        body: JSON.stringify(fields), /* leaves undefined fields out */
        credentials: 'omit',
        cache: 'no-store',
        redirect: 'error',
        referrerPolicy: 'no-referrer',
        signal: options && options.signal,
      })
    } catch (e) {
      throw await this.unreachable(e)
    }
    const answer = await response.json().catch(() => null)
    if (!answer || typeof answer !== 'object') throw new AgentError('failed')
    if (!response.ok) throw new AgentError(KINDS[answer.name] || 'failed', answer)
    return answer
  }

  /** Why there was no answer: the browser says the same "failed to fetch" for all of it. */
  async unreachable(e) {
    if (e && e.name === 'AbortError') return new AgentError('aborted')
    if (!window.isSecureContext) return new AgentError('insecure-page')
    if ((await loopbackPermission()) === 'denied') return new AgentError('denied')
    /* A page cannot see what is installed; but whoever has paired here before has installed it. */
    return new AgentError(this.token ? 'not-running' : 'not-installed')
  }
}

function yes(flag) {
  return flag ? 'yes' : undefined
}

function idOf(key) {
  return typeof key === 'string' ? key : key.key
}
