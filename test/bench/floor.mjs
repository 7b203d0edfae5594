/** The floor: what sealing and opening one packet costs when nothing else is done. */
import {
  Channel,
  ClientHandshake,
  cryptoReady,
  newKeyPair,
  RelayHandshake,
  systemRandom,
} from '../../dist/protocol/index.js'

const ROUNDS = 20_000

/** CPU in µs of one seal and one open of a packet with `size` bytes of payload. */
export async function floor(size) {
  await cryptoReady()
  const [sender, receiver] = channels()
  const payload = new Uint8Array(size).fill(7)
  measure(sender, receiver, payload, ROUNDS / 10)
  return measure(sender, receiver, payload, ROUNDS)
}

function measure(sender, receiver, payload, rounds) {
  const before = process.cpuUsage()
  for (let i = 0; i < rounds; i++) {
    const end = sender.seal(0, payload, 16)
    receiver.open(Channel.takeBatch(end).subarray(2))
  }
  const { user, system } = process.cpuUsage(before)
  return (user + system) / rounds
}

function channels() {
  const [client, relay] = [newKeyPair(systemRandom), newKeyPair(systemRandom)]
  const ours = new ClientHandshake(client, relay.publicKey, systemRandom)
  const theirs = new RelayHandshake(relay, systemRandom).receive(ours.request)
  return [ours.receive(theirs.response).channel, theirs.channel]
}
