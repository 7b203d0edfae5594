/** The benchmark's results for a person. */

export function print({ dataPath, relays, clients = [], latency = [], forwarding, cEstablishUs }) {
  for (const { size, cpuUs, floorUs, ratio, packetsPerSecond } of dataPath)
    say(
      `${size} bytes`,
      `${cpuUs.toFixed(1)} µs of CPU a relayed packet, ${ratio.toFixed(2)} × the floor (seal + open ${floorUs.toFixed(1)} µs)`,
      `${Math.round(packetsPerSecond)} packets/s through our relay`,
    )
  for (const { size, cpuUs, cCpuUs, toC, toFloor, throughputToC } of clients)
    say(
      `${size} bytes through C’s relay`,
      `${cpuUs.toFixed(1)} µs, C’s client ${cCpuUs.toFixed(1)} µs: ${toC.toFixed(2)} × C, ${toFloor.toFixed(2)} × the floor`,
      `throughput ${throughputToC.toFixed(2)} × C`,
    )
  for (const { gapUs, p50Us, p99Us, cP50Us, cP99Us } of latency)
    say(
      `a packet every ${gapUs / 1000} ms`,
      `one-way latency p50 ${Math.round(p50Us)} µs, p99 ${Math.round(p99Us)} µs`,
      `C’s client ${Math.round(cP50Us)} and ${Math.round(cP99Us)} µs`,
    )
  if (forwarding)
    say(
      'embedded relay under C’s clients',
      `${forwarding.cpuUs.toFixed(1)} µs a forwarded packet, C’s relay ${forwarding.cCpuUs.toFixed(1)} µs: ${forwarding.toC.toFixed(2)} × C`,
      `throughput ${forwarding.throughputToC.toFixed(2)} × C`,
    )
  const { count, relaysPerSecond, cpuUsEach, heapBytesEach, rssBytesEach } = relays
  say(
    `${count} relays`,
    `${Math.round(relaysPerSecond)} established a second, ${Math.round(cpuUsEach)} µs of CPU each`,
    cEstablishUs
      ? `C’s client ${Math.round(cEstablishUs)} µs: ${(cpuUsEach / cEstablishUs).toFixed(2)} × C`
      : '',
    `${(heapBytesEach / 1024).toFixed(1)} KB of heap and ${(rssBytesEach / 1024).toFixed(1)} KB of RSS an idle relay`,
  )
}

const say = (what, ...facts) => console.log(`${what}: ${facts.filter(Boolean).join('; ')}`)
