/**
 * What is dialled directly although there is a proxy: for people whose own relay stands next to them. Compares
 * literally and never resolves anything: a name is matched by names, an address by addresses and networks.
 */
import { BlockList, isIP, isIPv6 } from 'node:net'

export class Exceptions {
  readonly #networks = new BlockList()
  readonly #names: string[] = []

  /**
   * @param entries addresses, networks (`192.168.0.0/16`, `fd00::/8`), names; a name covers the names below it too
   * @throws TypeError for anything else
   */
  constructor(entries: readonly string[]) {
    for (const entry of entries) this.#add(entry.trim())
  }

  /** @param host an address or a name, as in a relay's address */
  covers(host: string): boolean {
    if (isIP(host) !== 0) return this.#networks.check(host, familyOf(host))
    const name = plainName(host)
    return this.#names.some(suffix => name === suffix || name.endsWith(`.${suffix}`))
  }

  #add(entry: string): void {
    const [address = '', prefix] = entry.split('/')
    const name = plainName(entry.replace(/^\*?\./, ''))
    if (isIP(address) !== 0 && isPrefix(address, prefix))
      this.#networks.addSubnet(address, Number(prefix ?? bitsOf(address)), familyOf(address))
    else if (NAME.test(name)) this.#names.push(name)
    else throw new TypeError(`proxy exception: ${WANTED}, got ${JSON.stringify(entry)}`)
  }
}

const WANTED = 'wanted an address, a network such as 192.168.0.0/16, or a name'
/** Not all digits at its end: that would be an address misspelled. */
const NAME = /^([a-z0-9_-]+\.)*(?!\d+$)[a-z0-9_-]+$/

const familyOf = (address: string): 'ipv4' | 'ipv6' => (isIPv6(address) ? 'ipv6' : 'ipv4')

const bitsOf = (address: string): number => (isIPv6(address) ? 128 : 32)

const isPrefix = (address: string, prefix: string | undefined): boolean =>
  prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= bitsOf(address))

const plainName = (name: string): string => name.toLowerCase().replace(/\.$/, '')
