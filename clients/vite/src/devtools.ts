import { INSPECTOR_PATH } from './inspector.js'

/** What Vite DevTools gives a plugin to set itself up with, as far as it is used here. */
interface DevToolsContext {
  viteConfig: { base: string }
  docks: { register(entry: { id: string; type: 'iframe'; title: string; icon: string; url: string }): unknown }
}

/** The inspector in Vite DevTools, which looks for this in every plugin. To be spread: Vite's own types do not know it. */
export const devtoolsDock = {
  devtools: {
    setup({ viteConfig, docks }: DevToolsContext): void {
      const url = viteConfig.base + INSPECTOR_PATH
      docks.register({ id: 'evenkeel', type: 'iframe', title: 'Evenkeel', icon: 'ph:boat-duotone', url })
    },
  },
}
