/** How a page uses the person's USBKey: docs/PROTOCOL.agent. */

export type AgentErrorKind =
  | 'not-installed' // no answer, and this browser never paired: offer the download
  | 'not-running' //   no answer, but it was there before: ask to start it
  | 'denied' //        the browser forbids this site to reach programs on this computer
  | 'insecure-page' // the page was not served by HTTPS
  | 'origin' //        the agent does not serve this website
  | 'pairing' //       the pairing no longer holds
  | 'cancelled' //     the person said no in the agent's window
  | 'aborted' //       the page's AbortController
  | 'busy' //          another window waits for the person
  | 'no-display' //    the agent has no desktop to ask on
  | 'no-key' //        not plugged in
  | 'blank' //         no certificate on it
  | 'must-change' //   default PIN: changePin first
  | 'wrong-pin' //     triesLeft
  | 'last-tries' //    triesLeft is two or less: ask the person, then say lastTries
  | 'locked' //        offer the unlock
  | 'weak-pin' //      the new PIN is refused
  | 'full' //          no room for another pair on the USBKey
  | 'step' //          the steps before this one are to be done again
  | 'driver' //        the USBKey's driver failed
  | 'failed' //        anything else

export declare class AgentError extends Error {
  readonly kind: AgentErrorKind
  /** Of the error table; 0 when the agent was not reached. */
  readonly code: number
  /** "AGENT_PIN_WRONG"; "" when the agent was not reached. */
  readonly errorName: string
  readonly hint: string
  readonly detail: string
  readonly requestId: string
  readonly triesLeft?: number
}

export interface AgentHello {
  agent: string
  protocol: string
  paired: boolean
  /** Where PINs are entered: in the agent's own window, or (development only) on the page. */
  pin: 'window' | 'page'
}

export interface AgentCertificate {
  serial: string
  purpose: 'signing' | 'encryption'
  subject: string
  issuer: string
  not_after_s: number
  der: string
}

export interface AgentKey {
  key: string
  serial: string
  label: string
  manufacturer: string
  library: string
  state: 'blank' | 'must-change' | 'ready' | 'locked'
  tries_left: number
  certificates: AgentCertificate[]
}

export interface AgentOptions {
  signal?: AbortSignal
}

export type KeyOrId = string | { key: string }

export declare class HufuAgent {
  constructor(options?: { port?: number; storage?: Pick<Storage, 'getItem' | 'setItem'> | null })
  hello(options?: AgentOptions): Promise<AgentHello>
  pair(options?: AgentOptions): Promise<void>
  keys(options?: AgentOptions): Promise<AgentKey[]>
  changePin(
    key: KeyOrId,
    pins?: { old?: string; new?: string; birthDate?: string; mobile?: string; lastTries?: boolean },
    options?: AgentOptions,
  ): Promise<Record<string, never>>
  sign(
    key: KeyOrId,
    statement: string,
    how?: { pin?: string; lastTries?: boolean },
    options?: AgentOptions,
  ): Promise<{ certificate: string; signature: string; serial: string }>

  /* Production: origins that the agent's list marks with it. */
  inspect(key: KeyOrId, options?: AgentOptions): Promise<{ card: string; challenge: string; card_certificate: string }>
  open(
    key: KeyOrId,
    answer: { device_answer: string; admin_sealed: string },
    options?: AgentOptions,
  ): Promise<{ public_key: string; attestation: string }>
  prove(key: KeyOrId, statement: string, options?: AgentOptions): Promise<{ possession: string }>
  write(
    key: KeyOrId,
    certificates: { signing_certificate: string; encryption_certificate?: string; enveloped_key?: string },
    options?: AgentOptions,
  ): Promise<Record<string, never>>
  writeRecovered(
    key: KeyOrId,
    recovered: { encryption_certificate: string; enveloped_key: string },
    options?: AgentOptions,
  ): Promise<Record<string, never>>
  close(key: KeyOrId, options?: AgentOptions): Promise<Record<string, never>>

  unlockChallenge(key: KeyOrId, options?: AgentOptions): Promise<{ card: string; challenge: string }>
  unlockAnswer(key: KeyOrId, answer: string, options?: AgentOptions): Promise<Record<string, never>>

  /* Download: new certificates for the key that the person has. */
  downloadOpen(
    key: KeyOrId,
    how?: { fresh?: boolean },
    options?: AgentOptions,
  ): Promise<{ card: string; container: string; public_key: string; attestation: string; card_certificate: string }>
  downloadSign(
    key: KeyOrId,
    statement: string,
    how?: { pin?: string; lastTries?: boolean; approved?: boolean },
    options?: AgentOptions,
  ): Promise<{ certificate: string; signature: string; serial: string; possession: string }>
  downloadWrite(
    key: KeyOrId,
    certificates: { signing_certificate: string; encryption_certificate: string; enveloped_key: string },
    options?: AgentOptions,
  ): Promise<Record<string, never>>
}

/** The browser's permission to reach programs on this computer: "" where it has none to ask for. */
export declare function loopbackPermission(): Promise<'granted' | 'denied' | 'prompt' | ''>
