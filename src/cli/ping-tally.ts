/** What came of the pings through one relay. Pure: times come in from outside. */

export interface PingSummary {
  readonly sent: number
  readonly answered: number
  /** 0–100; null when nothing was sent. */
  readonly lossPercent: number | null
  /** Round trips in ms; null without an answer. */
  readonly minMs: number | null
  readonly avgMs: number | null
  readonly maxMs: number | null
}

export class PingTally {
  readonly #open = new Map<number, number>()
  readonly #rtts: number[] = []
  #sent = 0

  send(sequence: number, now: number): void {
    this.#sent++
    this.#open.set(sequence, now)
  }

  /** @returns the round trip in ms; undefined for an answer to nothing, or a second one */
  answer(sequence: number, now: number): number | undefined {
    const sentAt = this.#open.get(sequence)
    if (sentAt === undefined) return undefined
    this.#open.delete(sequence)
    const rttMs = now - sentAt
    this.#rtts.push(rttMs)
    return rttMs
  }

  /** Pings without an answer so far. */
  get open(): number {
    return this.#open.size
  }

  get summary(): PingSummary {
    const [sent, answered] = [this.#sent, this.#rtts.length]
    const total = this.#rtts.reduce((sum, rtt) => sum + rtt, 0)
    return {
      sent,
      answered,
      lossPercent: sent === 0 ? null : Math.round((1000 * (sent - answered)) / sent) / 10,
      minMs: answered === 0 ? null : this.#rtts.reduce((a, b) => Math.min(a, b)),
      avgMs: answered === 0 ? null : total / answered,
      maxMs: answered === 0 ? null : this.#rtts.reduce((a, b) => Math.max(a, b)),
    }
  }
}
