/**
 * Time from outside: the real clock here, a virtual one in tests. Its shape is also what XState takes as a clock.
 * Real timers are unref'd: a waiting relay must not keep a program alive that has nothing else to do.
 */
export interface Clock {
  /** Milliseconds since the epoch; never jumps back. */
  now(): number
  setTimeout(call: (...args: unknown[]) => void, delayMs: number): unknown
  clearTimeout(timer: unknown): void
  /** Calls at the end of the present turn of the event loop, when all that has arrived has been read. */
  defer(call: () => void): void
}

export const systemClock: Clock = {
  now: () => performance.timeOrigin + performance.now(),
  setTimeout: (call, delayMs) => setTimeout(call, delayMs).unref(),
  clearTimeout: timer => clearTimeout(timer as NodeJS.Timeout),
  defer: call => void setImmediate(call),
}
