import { describe, expect, it } from 'vitest'
import { PingPackets } from '../../src/cli/ping-packet.js'
import { PingTally } from '../../src/cli/ping-tally.js'

describe('the tally of pings through one relay', () => {
  it('has least, mean and greatest round trip, and the loss', () => {
    const tally = new PingTally()
    tally.send(1, 0)
    tally.send(2, 100)
    tally.send(3, 200)
    expect(tally.answer(2, 130)).toBe(30)
    expect(tally.answer(1, 150)).toBe(150)
    expect(tally.open).toBe(1)
    expect(tally.summary).toEqual({
      sent: 3,
      answered: 2,
      lossPercent: 33.3,
      minMs: 30,
      avgMs: 90,
      maxMs: 150,
    })
  })

  it('counts an answer once, and none to what was never sent', () => {
    const tally = new PingTally()
    tally.send(1, 0)
    expect(tally.answer(1, 5)).toBe(5)
    expect(tally.answer(1, 6)).toBeUndefined()
    expect(tally.answer(2, 7)).toBeUndefined()
    expect(tally.summary.answered).toBe(1)
  })

  it('has no numbers where there is nothing to count', () => {
    const tally = new PingTally()
    expect(tally.summary).toEqual({
      sent: 0,
      answered: 0,
      lossPercent: null,
      minMs: null,
      avgMs: null,
      maxMs: null,
    })
    tally.send(1, 0)
    expect(tally.summary).toMatchObject({ sent: 1, lossPercent: 100, avgMs: null })
  })
})

describe('the packets of a run of ping', () => {
  it('are known by that run, with their number', () => {
    const packets = new PingPackets()
    expect(packets.decode(packets.encode(0xffffffff))).toBe(0xffffffff)
  })

  it.each([
    ['of another run', new PingPackets().encode(1)],
    ['that are empty', new Uint8Array()],
    ['that are something else', new Uint8Array(200)],
  ])('are not mistaken for packets %s', (_, packet) => {
    expect(new PingPackets().decode(packet)).toBeUndefined()
  })

  it('are not known when a byte is missing or added', () => {
    const packets = new PingPackets()
    const packet = packets.encode(7)
    expect(packets.decode(packet.subarray(0, -1))).toBeUndefined()
    expect(packets.decode(Buffer.concat([packet, Buffer.of(0)]))).toBeUndefined()
  })
})
