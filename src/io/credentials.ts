/**
 * A user name and a password that do not slip out: neither `inspect` nor JSON nor a copy shows the password. Whoever
 * asks with `reveal` puts both on the wire and nowhere else.
 */
export class Credentials {
  readonly user: string
  readonly #password: string

  constructor(user: string, password: string) {
    this.user = user
    this.#password = password
  }

  reveal(): { readonly user: string; readonly password: string } {
    return { user: this.user, password: this.#password }
  }
}
