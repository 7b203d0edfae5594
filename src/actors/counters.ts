/** What is counted of one relay, over all of its links. Plain numbers, cheap enough for every packet. */
import type { PacketKind } from '../protocol/packets.js'

/** Why a packet was dropped on our side. */
export type DropCause =
  /** Data that came for no route of ours that is online. */
  | 'no-route'
  /** A friend sent an empty packet. */
  | 'empty-data'
  /** A response, a notification, a pong or a ping without an id: it concerned nothing of ours. */
  | 'unasked'
  /** Our data waited for a route that ended. */
  | 'route-ended'
  /** Our data waited on a link that we closed. */
  | 'hung-up'
  /** Our data waited on a link that was lost. */
  | 'link-lost'

export class LinkCounters {
  bytesIn = 0
  bytesOut = 0
  /** Packets received, by kind. */
  readonly packetsIn: Partial<Record<PacketKind, number>> = {}
  readonly drops: Partial<Record<DropCause, number>> = {}

  count(kind: PacketKind): void {
    this.packetsIn[kind] = (this.packetsIn[kind] ?? 0) + 1
  }

  dropped(cause: DropCause, packets: number): void {
    if (packets > 0) this.drops[cause] = (this.drops[cause] ?? 0) + packets
  }
}
