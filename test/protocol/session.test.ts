import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodePacket } from '../../src/protocol/packets.js'
import type { OpenPing } from '../../src/protocol/pings.js'
import type { Session, SessionPacket } from '../../src/protocol/session.js'
import { expectToxError, flipped, hex, join, pieces, prop, runs, sessionAndPeer, someBytes } from './ends.js'
import type { ReferenceEnd } from './reference.js'

const KEY = hex('a5'.repeat(32))
const EVERYTHING = Number.POSITIVE_INFINITY

/** What `session` hands up of these bytes. */
function received(session: Session, ...chunks: readonly Uint8Array[]): SessionPacket[] {
  const packets: SessionPacket[] = []
  for (const chunk of chunks) session.receive(chunk, packet => packets.push(packet))
  return packets
}

/** What the peer reads of all that may leave. */
function sent(session: Session, peer: ReferenceEnd, room = EVERYTHING): Uint8Array[] {
  const packets: Uint8Array[] = []
  for (let bytes = session.transmit(room); bytes; bytes = session.transmit(room))
    packets.push(...peer.open(bytes))
  return packets
}

const pushData = (session: Session, payload: Uint8Array): boolean =>
  session.outbox.pushData({ payload, id: 16 })

describe('packets in', () => {
  test('are handed up, each kind but pings and pongs', () => {
    const { session, peer } = sessionAndPeer()
    const plains = ['0110', '0200', '0310', '07', '0901', '0b02', '0c03', '100102'].map(hex)
    plains[0] = join(hex('0110'), KEY)
    plains[1] = hex('02ff')
    plains[3] = join(hex('07'), KEY, hex('01'))
    expect(received(session, ...plains.map(plain => peer.seal(plain)))).toEqual(plains.map(decodePacket))
    expect(session.received).toBe(8)
    expect(session.ignored).toBe(0)
  })

  test('case 7: are handed up once each, in order, at whatever offset two frames are cut', () => {
    const plains = [hex('10aabb'), join(hex('ff'), new Uint8Array(70).fill(3))]
    const total = plains.reduce((size, plain) => size + plain.length + 18, 0)
    for (let cut = 0; cut <= total; cut++) {
      const { session, peer } = sessionAndPeer()
      const stream = join(...plains.map(plain => peer.seal(plain)))
      const packets = received(session, stream.subarray(0, cut), stream.subarray(cut))
      expect(packets).toEqual(plains.map(decodePacket))
    }
  })

  test('case 8: fifty frames in one segment are handed up, all and in order', () => {
    const { session, peer } = sessionAndPeer()
    const plains = Array.from({ length: 50 }, (_, n) => Uint8Array.of(16 + n, n, n))
    expect(received(session, join(...plains.map(plain => peer.seal(plain))))).toEqual(
      plains.map(decodePacket),
    )
  })

  test('case 9: an empty data packet is handed up as such, and the session goes on', () => {
    const { session, peer } = sessionAndPeer()
    expect(received(session, peer.seal(16), peer.seal(hex('1101')))).toEqual([
      { kind: 'data', connectionId: 16, payload: new Uint8Array() },
      { kind: 'data', connectionId: 17, payload: hex('01') },
    ])
  })

  test.each([0, 1, 15, 16, 2049])('case 9: a frame of length %i breaks the protocol', size => {
    const { session } = sessionAndPeer()
    expectToxError(
      () => received(session, Uint8Array.of(size >> 8, size & 0xff), new Uint8Array(size)),
      'protocol-violation',
    )
  })

  test('case 9: a frame of length 2048 is taken', () => {
    const { session, peer } = sessionAndPeer()
    const frame = peer.seal(16, new Uint8Array(2031).fill(1))
    expect(frame.subarray(0, 2)).toEqual(hex('0800'))
    expect(received(session, frame)).toMatchObject([{ payload: new Uint8Array(2031).fill(1) }])
  })

  test('case 12: frames swapped or repeated: the first of them that is out of its turn breaks the protocol', () => {
    const swapped = sessionAndPeer()
    const [one, two] = [swapped.peer.seal(hex('1001')), swapped.peer.seal(hex('1002'))]
    const error = expectToxError(() => received(swapped.session, two, one), 'protocol-violation')
    expect(error.message).toContain('a frame does not decrypt')
    const repeated = sessionAndPeer()
    const frame = repeated.peer.seal(hex('1001'))
    expect(received(repeated.session, frame)).toHaveLength(1)
    expectToxError(() => received(repeated.session, frame), 'protocol-violation')
    expect(repeated.session.received).toBe(1)
  })

  test('that break the protocol inside a good frame are told as that, behind the good ones', () => {
    const { session, peer } = sessionAndPeer()
    const packets: SessionPacket[] = []
    const stream = join(peer.seal(hex('1001')), peer.seal(hex('0205')), peer.seal(hex('1002')))
    expectToxError(() => session.receive(stream, packet => packets.push(packet)), 'protocol-violation')
    expect(packets).toHaveLength(1)
  })

  test('stop when the one who takes them closes the session, in the middle of a chunk', () => {
    const { session, peer } = sessionAndPeer()
    const packets: SessionPacket[] = []
    session.receive(join(peer.seal(hex('1001')), peer.seal(hex('1002'))), packet => {
      packets.push(packet)
      session.close()
    })
    expect(packets).toHaveLength(1)
    expect(session.closed).toBe(true)
  })

  const plain = fc.oneof(
    someBytes(1, 300).map(payload => join(hex('10'), payload)),
    someBytes(8).map(id => join(hex('05'), id)),
    someBytes(1, 50).map(payload => join(hex('07'), KEY, payload)),
    fc.integer({ min: 16, max: 255 }).map(id => Uint8Array.of(2, id)),
  )

  prop([fc.array(plain, { maxLength: 10 }), fc.array(fc.nat(), { maxLength: 30 })], runs(300))(
    'are the same however the byte stream is cut',
    (plains, cuts) => {
      const { session, peer } = sessionAndPeer()
      const stream = join(...plains.map(plain => peer.seal(plain)))
      const expected = plains.map(decodePacket).filter(({ kind }) => kind !== 'pong')
      expect(received(session, ...pieces(stream, cuts))).toEqual(expected)
      expect(session.received).toBe(plains.length)
    },
  )

  prop(
    [fc.array(plain, { minLength: 1, maxLength: 6 }), fc.nat(), fc.integer({ min: 1, max: 255 })],
    runs(500),
  )(
    'with any byte changed are refused from there on, and what came before is handed up',
    (plains, at, mask) => {
      const { session, peer } = sessionAndPeer()
      const frames = plains.map(plain => peer.seal(plain))
      const stream = join(...frames)
      const place = at % stream.length
      const whole = frames.findIndex((_, index) => join(...frames.slice(0, index + 1)).length > place)
      const packets: SessionPacket[] = []
      // A longer length waits for its rest, so there is more behind it.
      const more = join(
        flipped(stream, place, mask),
        peer.seal(16, new Uint8Array(2031)),
        new Uint8Array(2048),
      )
      expectToxError(() => session.receive(more, packet => packets.push(packet)), 'protocol-violation')
      expect(session.received).toBe(whole)
      const expected = plains.slice(0, whole).map(decodePacket)
      expect(packets).toEqual(expected.filter(({ kind }) => kind !== 'pong'))
    },
  )
})

describe('pings of the relay', () => {
  test('are answered with their own 8 bytes, in order, before data that waits', () => {
    const { session, peer } = sessionAndPeer()
    pushData(session, hex('aa'))
    expect(
      received(session, peer.seal(hex('04 0102030405060708')), peer.seal(hex('04 0000000000000001'))),
    ).toEqual([])
    expect(sent(session, peer)).toEqual([hex('05 0102030405060708'), hex('05 0000000000000001'), hex('10aa')])
  })

  test('of all zeros are not answered, but counted', () => {
    const { session, peer } = sessionAndPeer()
    received(session, peer.seal(4, new Uint8Array(8)))
    expect(session.ignored).toBe(1)
    expect(session.outbox.isEmpty).toBe(true)
    expect(session.transmit(EVERYTHING)).toBeUndefined()
  })

  test('in a flood while nothing leaves take no memory: 32 are answered, the last one among them', () => {
    const { session, peer } = sessionAndPeer()
    const id = (n: number): Uint8Array => Uint8Array.of(1, 0, 0, 0, 0, 0, n >> 8, n & 0xff)
    for (let n = 0; n < 5000; n++) received(session, peer.seal(4, id(n)))
    expect(session.outbox.depth).toBe(32)
    const pongs = [...Array.from({ length: 31 }, (_, n) => n), 4999].map(n => join(hex('05'), id(n)))
    expect(sent(session, peer)).toEqual(pongs)
  })
})

describe('our pings', () => {
  /** A session whose clock the test moves. */
  function withClock() {
    const clock = { now: 0 }
    const ends = sessionAndPeer({ now: () => clock.now })
    const answered: OpenPing[] = []
    const receive = (frame: Uint8Array): void =>
      ends.session.receive(
        frame,
        () => {
          throw new Error('handed up')
        },
        ping => answered.push(ping),
      )
    return { ...ends, clock, answered, receive }
  }

  test('leave as 9 bytes, and the pong tells which was answered and since when it is open', () => {
    const { session, peer, clock, answered, receive } = withClock()
    clock.now = 1234
    expect(session.ping()).toBe(true)
    const [ping] = sent(session, peer)
    expect(ping).toHaveLength(9)
    expect(ping?.[0]).toBe(4)
    expect(session.pings.deadline).toBe(11_234)
    receive(peer.seal(5, ping?.slice(1) ?? 0))
    expect(answered).toMatchObject([{ since: 1234, keepalive: true, position: 27 }])
    expect(session.pings.deadline).toBeUndefined()
    expect(session.ignored).toBe(0)
  })

  test('need no listener for their pongs', () => {
    const { session, peer } = sessionAndPeer()
    session.ping()
    const [ping] = sent(session, peer)
    received(session, peer.seal(5, ping?.slice(1) ?? 0))
    expect(session.pings.openCount).toBe(0)
  })

  test('are not answered by a pong that is wrong, zero or repeated: it is counted, and the ping counts down', () => {
    const { session, peer, answered, receive } = withClock()
    session.ping()
    const [ping] = sent(session, peer)
    const pingId = ping?.slice(1) ?? new Uint8Array()
    receive(peer.seal(5, flipped(pingId, 3)))
    receive(peer.seal(5, new Uint8Array(8)))
    expect(session.ignored).toBe(2)
    expect(session.pings.deadline).toBe(10_000)
    receive(peer.seal(5, pingId))
    receive(peer.seal(5, pingId))
    expect(session.ignored).toBe(3)
    expect(answered).toHaveLength(1)
  })

  test('case 21: are overdue after 10 s whatever other traffic comes', () => {
    const { session, peer } = withClock()
    session.ping()
    sent(session, peer)
    received(session, peer.seal(hex('1001')), peer.seal(hex('04 0102030405060708')))
    expect(session.pings.deadline).toBe(10_000)
  })

  test('are refused when sixteen are open, and then nothing is queued', () => {
    const { session } = sessionAndPeer()
    for (let n = 0; n < 16; n++) expect(session.ping()).toBe(true)
    expect(session.ping()).toBe(false)
    expect(session.outbox.depth).toBe(16)
  })
})

describe('packets out', () => {
  test('leave sealed under consecutive nonces, control first, in order', () => {
    const { session, peer } = sessionAndPeer()
    pushData(session, hex('aa'))
    session.outbox.pushData({ payload: join(hex('06'), KEY, hex('01')) })
    session.outbox.pushControl(hex('0310'))
    session.outbox.pushControl(join(hex('00'), KEY))
    expect(sent(session, peer)).toEqual([
      hex('0310'),
      join(hex('00'), KEY),
      hex('10aa'),
      join(hex('06'), KEY, hex('01')),
    ])
    expect(session.transmit(EVERYTHING)).toBeUndefined()
  })

  test('case 10: of 2031 bytes are sent; of 2032 are refused, no nonce is spent, and the session goes on', () => {
    const { session, peer } = sessionAndPeer()
    pushData(session, hex('01'))
    expect(() => pushData(session, new Uint8Array(2032))).toThrow(RangeError)
    pushData(session, new Uint8Array(2031).fill(2))
    expect(sent(session, peer)).toEqual([hex('1001'), join(hex('10'), new Uint8Array(2031).fill(2))])
  })

  test('wait while the socket has no room, and no nonce is spent', () => {
    const { session, peer } = sessionAndPeer()
    pushData(session, hex('aa'))
    for (const room of [0, -1]) expect(session.transmit(room)).toBeUndefined()
    session.outbox.pushControl(hex('0310'))
    expect(sent(session, peer)).toEqual([hex('0310'), hex('10aa')])
  })

  test('fill the room that the socket has, and only the last of them goes beyond', () => {
    const { session, peer } = sessionAndPeer()
    for (let n = 0; n < 5; n++) pushData(session, new Uint8Array(81).fill(n))
    expect(session.transmit(1)).toHaveLength(100)
    expect(session.transmit(100)).toHaveLength(100)
    const rest = session.transmit(101)
    expect(rest).toHaveLength(200)
    expect(session.outbox.depth).toBe(1)
    expect(peer.unread).toBe(0)
  })

  test('case 22: arrive intact through a socket that takes 1 byte at a time', () => {
    const { session, peer } = sessionAndPeer()
    const payloads = [hex('01'), new Uint8Array(700).fill(2), new Uint8Array(2031).fill(3)]
    for (const payload of payloads) pushData(session, payload)
    const packets: Uint8Array[] = []
    for (let tail = session.transmit(1); tail; tail = session.transmit(1))
      for (const byte of tail) packets.push(...peer.open(Uint8Array.of(byte)))
    expect(packets).toEqual(payloads.map(payload => join(hex('10'), payload)))
  })

  test('case 23: a routing request that comes while a data frame is half sent leaves behind it and before new data', () => {
    const { session, peer } = sessionAndPeer()
    pushData(session, new Uint8Array(50).fill(1))
    pushData(session, new Uint8Array(50).fill(2))
    const half = session.transmit(1)
    if (!half) throw new Error()
    const packets = peer.open(half.subarray(0, 20))
    session.outbox.pushControl(join(hex('00'), KEY))
    packets.push(...peer.open(half.subarray(20)), ...sent(session, peer, 1))
    expect(packets).toEqual([
      join(hex('10'), new Uint8Array(50).fill(1)),
      join(hex('00'), KEY),
      join(hex('10'), new Uint8Array(50).fill(2)),
    ])
  })

  test('of one turn make one piece of bytes, of 64 KiB and a frame at most', () => {
    const { session, peer } = sessionAndPeer({ window: { size: EVERYTHING }, laneBytes: EVERYTHING })
    for (let n = 0; n < 100; n++) pushData(session, new Uint8Array(2031).fill(n))
    const piece = session.transmit(EVERYTHING)
    expect(piece).toHaveLength(32 * 2050)
    expect(peer.open(piece ?? new Uint8Array())).toHaveLength(32)
    expect(sent(session, peer)).toHaveLength(68)
  })

  test('the data lane is as large as it is made', () => {
    const { session } = sessionAndPeer({ laneBytes: 100 })
    expect(pushData(session, new Uint8Array(36))).toBe(true)
    expect(pushData(session, new Uint8Array(36))).toBe(false)
  })

  test('cannot leave once the session is closed', () => {
    const { session } = sessionAndPeer()
    expect(session.closed).toBe(false)
    session.close()
    session.close()
    expect(session.closed).toBe(true)
    pushData(session, hex('01'))
    expect(() => session.transmit(EVERYTHING)).toThrow('the channel is closed')
  })
})

describe('the window', () => {
  const fill = (session: Session, size: number): number => {
    let count = 0
    while (pushData(session, new Uint8Array(size))) count++
    return count
  }
  const pingsIn = (packets: Uint8Array[]): Uint8Array[] => packets.filter(packet => packet[0] === 4)

  test('lets 64 KiB leave, and then nothing but control until a pong comes', () => {
    const { session, peer } = sessionAndPeer()
    fill(session, 1000)
    const first = sent(session, peer)
    // 1,019 bytes a frame, and a ping of 27 behind the 33rd.
    expect(first.filter(packet => packet[0] === 16)).toHaveLength(64)
    expect(session.window.unacknowledged).toBe(64 * 1019 + 27)
    expect(session.transmit(EVERYTHING)).toBeUndefined()
    session.outbox.pushControl(hex('0310'))
    expect(sent(session, peer)).toEqual([hex('0310')])
  })

  test('gets a ping after every half, whose pong acknowledges everything before it', () => {
    const { session, peer } = sessionAndPeer()
    fill(session, 1000)
    const first = sent(session, peer)
    const place = first.findIndex(packet => packet[0] === 4)
    expect(place).toBe(33)
    const [ping] = pingsIn(first)
    const onPong: OpenPing[] = []
    session.receive(
      peer.seal(5, ping?.slice(1) ?? 0),
      () => {},
      ping => onPong.push(ping),
    )
    expect(onPong).toMatchObject([{ keepalive: false, position: 33 * 1019 + 27 }])
    expect(session.window.unacknowledged).toBe(31 * 1019)
    const second = sent(session, peer)
    expect(second.filter(packet => packet[0] === 16).length).toBeGreaterThan(30)
  })

  test('takes a keepalive ping in place of its own', () => {
    const { session, peer } = sessionAndPeer()
    const first = new Uint8Array(1981)
    for (let n = 0; n < 16; n++) pushData(session, first)
    sent(session, peer)
    session.ping()
    expect(pingsIn(sent(session, peer))).toHaveLength(1)
    for (let n = 0; n < 16; n++) pushData(session, first)
    expect(pingsIn(sent(session, peer))).toHaveLength(0)
    expect(session.pings.openCount).toBe(1)
  })

  test('goes without its ping when sixteen are open, and on with data', () => {
    const { session, peer } = sessionAndPeer()
    for (let n = 0; n < 16; n++) session.ping()
    expect(sent(session, peer)).toHaveLength(16)
    fill(session, 1000)
    const packets = sent(session, peer)
    expect(pingsIn(packets)).toHaveLength(0)
    expect(packets.length).toBeGreaterThan(60)
  })

  test('of a size of its own never closes for good', () => {
    const { session, peer } = sessionAndPeer({ window: { size: 5000 } })
    fill(session, 1000)
    const total = session.outbox.depth
    let arrived = 0
    for (let turn = 0; turn < total && arrived < total; turn++) {
      const packets = sent(session, peer)
      arrived += packets.length - pingsIn(packets).length
      for (const ping of pingsIn(packets)) received(session, peer.seal(5, ping.slice(1)))
    }
    expect(arrived).toBe(total)
  })

  /**
   * docs/protocol.md §8.1: a relay that reads only whole frames and sometimes not at all. What it has not read lies in
   * its receive buffer; more than that buffer holds would wedge it for ever.
   */
  const turn = fc.record({
    push: fc.array(fc.integer({ min: 1, max: 2031 }), { maxLength: 40 }),
    room: fc.integer({ min: 0, max: 100_000 }),
    read: fc.nat(60),
    relayPings: fc.nat(2),
  })
  prop([fc.array(turn, { minLength: 1, maxLength: 25, size: 'max' })], runs(60))(
    'case 24: a slow relay never holds more than 64 KiB and the control packets, and gets everything in the end',
    turns => {
      const { session, peer } = sessionAndPeer()
      const wire: Uint8Array[] = []
      const pushed: number[] = []
      const arrived: number[] = []
      const check = (): void => {
        const unread = wire.reduce((sum, frame) => sum + frame.length + 18, 0)
        const data = wire.filter(packet => packet[0] === 16)
        expect(data.reduce((sum, packet) => sum + packet.length + 18, 0)).toBeLessThanOrEqual(65_536)
        expect(unread).toBeLessThanOrEqual(session.window.unacknowledged)
      }
      const transmit = (room: number): void => {
        for (let left = room; left > 0; ) {
          const bytes = session.transmit(left)
          if (!bytes) break
          wire.push(...peer.open(bytes))
          left -= bytes.length
        }
        check()
      }
      const read = (count: number): void => {
        for (const packet of wire.splice(0, count)) {
          if (packet[0] === 16) arrived.push(packet.length - 1)
          if (packet[0] === 4) received(session, peer.seal(5, packet.slice(1)))
        }
      }
      for (const { push, room, read: count, relayPings } of turns) {
        for (const size of push) if (pushData(session, new Uint8Array(size))) pushed.push(size)
        for (let n = 0; n < relayPings; n++) received(session, peer.seal(4, new Uint8Array(8).fill(n + 1)))
        transmit(room)
        read(count)
      }
      for (let idle = 0; idle < 500 && !(session.outbox.isEmpty && wire.length === 0); idle++) {
        transmit(EVERYTHING)
        read(EVERYTHING)
      }
      expect(arrived).toEqual(pushed)
    },
  )
})
