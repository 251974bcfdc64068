// What users and frameworks configure of the optimizer keeps its effect where dependencies are added: plugins, aliases, packages that
// are not optimized, kinds of modules. Each is compared with stock Vite, which meets the same dependencies in the same order.
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { adding, withApp } from './lib/random-app.mjs'

const esm = (name) => ({ [`${name}/package.json`]: JSON.stringify({ name, version: '1.0.0', type: 'module' }) })
/** A package that says where it is. */
const own = (name, where) => ({
  ...esm(name),
  [`${name}/index.js`]: `export const which = '${where}'`,
  [`${name}/more.js`]: `export const more = 'more ${where}'`,
})
const nested = (name, inner, where) =>
  Object.fromEntries(Object.entries(own(inner, where)).map(([file, code]) => [`${name}/node_modules/${file}`, code]))
const plugin = (name, hooks) => ({ rolldownOptions: { plugins: [{ name, ...hooks }] } })

/** A package that another bundler has bundled, by its helper for modules that run when they are needed. */
const bundledBefore = (name, helper, initializer) => ({
  ...esm(name),
  [`${name}/index.js`]: [
    helper,
    'var ready = "not yet";',
    initializer,
    'const atFirst = ready;',
    'const hasRun = () => ready;',
    'const load = () => (init_heavy(), ready);',
    'export { atFirst, hasRun, load };',
  ].join('\n'),
  [`${name}/more.js`]: `import { atFirst, load } from './index.js'\nexport const more = [atFirst, load()].join(', ')`,
})

/** A language whose compiler refuses everything else. */
const compiler = {
  transform: {
    filter: { id: /\.tpl$/ },
    handler(code) {
      const [, text] = /^<p>(.*)<\/p>$/.exec(code.trim()) ?? assert.fail(`no template: ${code}`)
      return { code: `export default { render: () => ${JSON.stringify(text)} }`, moduleType: 'js' }
    },
  },
}

const rows = [
  {
    what: 'a plugin of the optimizer adds to modules that are in an earlier layer',
    files: {
      ...esm('kit'),
      'kit/a.js': `export { core } from './core.js'`,
      'kit/b.js': `import * as core from './core.js'\nexport const names = Object.keys(core).sort().join()`,
      'kit/core.js': 'export const core = 1',
    },
    late: ['kit/a.js', 'kit/b.js'],
    optimizeDeps: plugin('extra', {
      transform: { filter: { id: /core\.js$/ }, handler: (code) => `${code}\nexport const extra = 'added'` },
    }),
  },
  {
    what: 'a plugin of the optimizer compiles another language',
    files: {
      ...esm('parts'),
      'parts/a.js': `import icon from './icon.tpl'\nexport const one = 'a' + icon.render()`,
      'parts/b.js': `import icon from './icon.tpl'\nimport own from './own.tpl'\nexport const two = 'b' + icon.render() + own.render()`,
      'parts/icon.tpl': '<p>icon</p>',
      'parts/own.tpl': '<p>own</p>',
    },
    late: ['parts/a.js', 'parts/b.js'],
    optimizeDeps: { ...plugin('templates', compiler), extensions: ['.tpl'] },
  },
  {
    what: 'a dependency imports, some day, what an alias provides',
    files: { ...esm('user'), 'user/index.js': `export const load = () => import('app-settings').then(({ colour }) => colour)` },
    late: ['user/index.js'],
    optimizeDeps: { exclude: ['app-settings'] },
    plugins: [{ name: 'settings', config: () => ({ resolve: { alias: { 'app-settings': '/settings.mjs' } } }) }],
    app: { 'settings.mjs': `export const colour = 'blue'` },
  },
  {
    what: 'a dependency imports, some day, what a plugin of the dev server provides',
    files: { ...esm('user'), 'user/index.js': `export const load = () => import('app-routes').then(({ routes }) => routes.join())` },
    late: ['user/index.js'],
    optimizeDeps: { exclude: ['app-routes'] },
    plugins: [
      {
        name: 'routes',
        resolveId: (id) => (id === 'app-routes' ? '\0app-routes' : undefined),
        load: (id) => (id === '\0app-routes' ? `export const routes = ['/']` : undefined),
      },
    ],
  },
  {
    what: 'packages that are not optimized are found where the package that imports them has them',
    files: {
      ...esm('one'),
      'one/index.js': `export { which } from 'shared'\nexport const load = () => import('shared/more.js').then(({ more }) => more)`,
      ...nested('one', 'shared', 'of one'),
      ...esm('two'),
      'two/index.js': `export * from 'inner'`,
      ...nested('two', 'inner', 'of two'),
      ...own('shared', 'of the app'),
    },
    late: ['one/index.js', 'two/index.js'],
    optimizeDeps: { exclude: ['shared', 'inner'] },
  },
  {
    what: 'a package has been bundled by Rolldown itself, with a module that runs when it is needed',
    files: bundledBefore(
      'lazy',
      'var __esmMin = (fn, res) => () => (fn && (res = fn(fn = 0)), res);',
      'var init_heavy = /* @__PURE__ */ __esmMin(() => { ready = "it has run" });',
    ),
    late: ['lazy/index.js', 'lazy/more.js'],
  },
  {
    what: 'a package has been bundled by esbuild, with a module that runs when it is needed',
    files: bundledBefore(
      'eager',
      'var __esm = (fn, res) => function () { return fn && (res = (0, fn[Object.keys(fn)[0]])(fn = 0)), res };',
      'var init_heavy = __esm({ "src/heavy.ts"() { ready = "it has run" } });',
    ),
    late: ['eager/index.js', 'eager/more.js'],
  },
  {
    what: 'a script has a function in it that is named as one of Rolldown',
    files: {
      ...esm('script'),
      'script/run.js': `(function () {\n  var require_y = /* @__PURE__ */ __commonJSMin(function (exports) { exports.y = 1 });\n  globalThis.scripted = require_y().y;\n  function __commonJSMin(run) { return function () { var exports = {}; run(exports); return exports } }\n})();`,
      'script/index.js': `import './run.js'\nexport const scripted = globalThis.scripted`,
      'script/late.js': `import './run.js'\nexport const again = globalThis.scripted`,
    },
    late: ['script/index.js', 'script/late.js'],
  },
  {
    what: 'a file is imported as its text',
    files: {
      ...esm('query'),
      'query/a.js': `import text from './shared.graphql'\nexport const one = 'a: ' + text`,
      'query/b.js': `import text from './shared.graphql'\nexport const two = 'b: ' + text`,
      'query/shared.graphql': 'query { me }',
      'query/own.graphql': 'query { own }',
    },
    late: ['query/a.js', 'query/b.js', 'query/own.graphql'],
    optimizeDeps: { rolldownOptions: { moduleTypes: { '.graphql': 'text' } }, extensions: ['.graphql'] },
  },
  {
    what: 'a plugin of the optimizer emits a file',
    files: {
      ...esm('wasm'),
      'wasm/first.js': 'export const first = 1',
      'wasm/second.js': 'export const second = 2',
    },
    late: ['wasm/first.js', 'wasm/second.js'],
    optimizeDeps: plugin('emits', {
      transform: {
        filter: { id: /first\.js$/ },
        handler() {
          this.emitFile({ type: 'asset', fileName: 'engine.bin', source: 'bytes' })
        },
      },
    }),
    emitted: 'engine.bin',
  },
  {
    what: 'a plugin of the optimizer emits a file when all is printed, and takes another back',
    files: {
      ...esm('wasm'),
      'wasm/first.js': 'export const first = 1',
      'wasm/second.js': 'export const second = 2',
    },
    late: ['wasm/first.js', 'wasm/second.js'],
    optimizeDeps: plugin('emits', {
      transform: {
        filter: { id: /first\.js$/ },
        handler() {
          this.emitFile({ type: 'asset', fileName: 'draft.bin', source: 'bytes' })
        },
      },
      generateBundle(_, bundle) {
        if (!bundle['draft.bin']) return
        delete bundle['draft.bin']
        this.emitFile({ type: 'asset', fileName: 'engine.bin', source: 'better bytes' })
      },
    }),
    emitted: 'engine.bin',
  },
]

for (const { what, files, late, optimizeDeps, plugins = [], app = {}, emitted } of rows) {
  test(what, () =>
    withApp({ files: { ...files, ...moved(app) }, late }, async ({ root, serve }) => {
      const seen = []
      for (const own of [[], adding().plugins]) {
        const server = await serve({ ...optimizeDeps, plugins: [...own, ...plugins] })
        const answers = await server.askAll(late).catch((error) => error.message)
        const isThere = emitted === undefined || existsSync(path.join(root, 'node_modules/.vite/deps_ssr', emitted))
        seen.push({ answers, isThere, reloads: own.length === 0 ? 0 : server.reloads() })
        await server.close()
      }
      const [stock, added] = seen
      assert.equal(typeof stock.answers, 'object', `stock Vite fails: ${stock.answers}`)
      assert.deepEqual(added, stock)
    }),
  )
}

/** Files of the app, by their paths below `node_modules`. */
function moved(app) {
  return Object.fromEntries(Object.entries(app).map(([file, code]) => [`../${file}`, code]))
}
