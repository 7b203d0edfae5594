/**
 * Mutation testing: `npm run mutate`, or one layer with `LAYER=protocol npm run mutate`. Each layer is judged by its own
 * tests alone. Static mutants (tables and constants made when a module loads) are left out: each of them would need the
 * whole suite, and test/protocol/constants.test.ts and errors.test.ts spell those tables out.
 */
import { LAYERS } from './vitest.mutation.config.js'

export default {
  testRunner: 'vitest',
  vitest: { configFile: 'vitest.mutation.config.js', related: false },
  plugins: ['@stryker-mutator/vitest-runner'],
  mutate: LAYERS.flatMap(layer => [`src/${layer}/**/*.ts`, `!src/${layer}/**/*.d.ts`]),
  coverageAnalysis: 'perTest',
  ignoreStatic: true,
  timeoutMS: 20_000,
  concurrency: 2,
  reporters: ['clear-text', 'progress', 'html', 'json'],
  clearTextReporter: { allowColor: false, logTests: false },
  thresholds: { high: 95, low: 90, break: 90 },
  ignorePatterns: ['dist', 'docs', 'coverage', 'reports'],
}
