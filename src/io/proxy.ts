/** The proxies that a link can go through. */
export type ProxySettings = never
