import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import vm from 'node:vm'

const require = createRequire(import.meta.url)
const nothing = { dispose() {} }

/**
 * A window of an editor that has as much of VS Code's API as is looked at by the tests. All else that an extension and its language
 * client ask for is there, and does nothing.
 */
export function openWindow({ folder, settings = {}, files = [] }) {
  const window = { bar: [], barShown: false, commands: new Map(), opened: [], errors: [], log: [], marks: new Map() }
  const logged = (message) => window.log.push(message)

  const statusBarItem = {
    show() {
      const { text, tooltip, backgroundColor, command } = statusBarItem
      window.bar.push({ text, tooltip, color: backgroundColor?.id, command })
      window.barShown = true
    },
    hide: () => (window.barShown = false),
    dispose: () => (window.barShown = false),
  }

  const vscode = rest({
    version: '1.91.0',
    EventEmitter,
    Disposable,
    CancellationTokenSource,
    ThemeColor,
    Uri: { parse: uri, file: (path) => uri(pathToFileURL(path).href) },
    env: { openExternal: async (shown) => window.opened.push(shown.toString()) > 0, language: 'en', appName: 'stand-in' },
    languages: rest({
      createDiagnosticCollection: () =>
        rest({
          set: (file, diagnostics) => window.marks.set(file.fsPath, diagnostics.length),
          delete: (file) => window.marks.delete(file.fsPath),
          clear: () => window.marks.clear(),
        }),
    }),
    commands: {
      registerCommand(name, run) {
        if (window.commands.has(name)) throw new Error(`command '${name}' already exists`)
        window.commands.set(name, run)
        return { dispose: () => window.commands.delete(name) }
      },
    },
    window: rest({
      createStatusBarItem: () => statusBarItem,
      createOutputChannel: () => rest({ info: logged, warn: logged, error: logged, appendLine: logged, append: logged }),
      showErrorMessage: async (message) => void window.errors.push(message),
      withProgress: async (_options, task) => task({ report() {} }, { onCancellationRequested: () => nothing }),
      tabGroups: rest({ all: [] }),
      activeTextEditor: undefined,
      visibleTextEditors: [],
      visibleNotebookEditors: [],
    }),
    workspace: rest({
      workspaceFolders: [{ uri: uri(pathToFileURL(folder).href), name: 'app', index: 0 }],
      textDocuments: [],
      notebookDocuments: [],
      findFiles: async () => files.map((file) => uri(pathToFileURL(file).href)),
      getConfiguration: (section) => ({ get: (name, value) => settings[`${section}.${name}`] ?? value, inspect: () => undefined }),
    }),
  })

  /** Loads what an extension was bundled to. */
  window.load = async (bundle) => {
    const module = { exports: {} }
    const load = (name) => (name === 'vscode' ? vscode : require(name))
    vm.compileFunction(await readFile(bundle, 'utf8'), ['module', 'exports', 'require'], { filename: bundle })(module, module.exports, load)
    return module.exports
  }
  window.run = (command) => window.commands.get(command)()
  return window
}

/** What is known, and for every other name a class that has whatever is looked up in it. */
function rest(known) {
  class Whatever {}
  return new Proxy(Whatever, {
    get(_target, name) {
      if (Object.hasOwn(known, name)) return known[name]
      // A promise would be waited for, and a prototype is inherited from.
      if (typeof name === 'symbol' || name === 'then' || name === 'prototype') return Whatever[name]
      return rest({})
    },
    apply: () => rest({ dispose() {} }),
  })
}

class EventEmitter {
  #listeners = new Set()
  event = (listener, self) => {
    const bound = listener.bind(self)
    this.#listeners.add(bound)
    return { dispose: () => this.#listeners.delete(bound) }
  }
  fire(event) {
    for (const listener of this.#listeners) listener(event)
  }
  dispose() {
    this.#listeners.clear()
  }
}

class Disposable {
  constructor(dispose) {
    this.dispose = dispose
  }
  static from = (...all) => new Disposable(() => all.forEach((one) => one.dispose()))
}

class CancellationTokenSource {
  token = { isCancellationRequested: false, onCancellationRequested: () => nothing }
  cancel() {}
  dispose() {}
}

class ThemeColor {
  constructor(id) {
    this.id = id
  }
}

function uri(text) {
  const { protocol, pathname } = new URL(text)
  return { scheme: protocol.slice(0, -1), path: pathname, fsPath: decodeURIComponent(pathname), toString: () => text }
}
