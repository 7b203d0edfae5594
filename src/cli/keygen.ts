/** `tox-relays keygen`: a new identity in a file. Prints the public key; the secret one is shown nowhere. */
import { Command } from 'commander'
import { complain } from './complain.js'
import { defaultIdentityFile, makeIdentity } from './identity.js'

const HELP = `
The file holds your secret key: only you can read it (mode 0600), and whoever has it is you.
Friends need your public key, which is printed.

Examples:
  tox-relays keygen                make the identity that "tox-relays up" takes
  tox-relays keygen relay.json     make a key for "tox-relays serve --key-file relay.json"`

export function keygenCommand(): Command {
  return new Command('keygen')
    .description('make an identity: a file with a key pair')
    .argument('[file]', `where to (default: ${defaultIdentityFile()})`)
    .option('--force', 'replace the file if it is there; the identity in it is lost')
    .addHelpText('after', HELP)
    .action(async (file: string | undefined, { force = false }: { force?: boolean }) => {
      const where = file ?? defaultIdentityFile()
      const { publicKey } = await makeIdentity(where, { force })
      complain(`your identity is in ${where}, your public key is:`)
      process.stdout.write(`${publicKey}\n`)
    })
}
