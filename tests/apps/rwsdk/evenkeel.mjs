// As in ../setup/evenkeel.mjs: kept from the sight of Vite, which bundles its config.
const importUnseen = (specifier) => import(specifier)

/**
 * Evenkeel's plugins for a RedwoodSDK app: the preset, as a user writes it, or the plugin for any app, beside RedwoodSDK's own
 * recovery, which shows what the preset is worth.
 */
export async function evenkeelPlugins({ preset, options }) {
  const { evenkeel, rwsdk } = await importUnseen('evenkeel')
  if (preset && !rwsdk) throw new Error('this build of evenkeel has no preset called "rwsdk"')
  const plugins = preset ? rwsdk : evenkeel
  return plugins(options ? JSON.parse(options) : undefined)
}
