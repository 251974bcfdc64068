// As in ../setup/evenkeel.mjs: kept from the sight of Vite, which bundles its config.
const importUnseen = (specifier) => import(specifier)

/**
 * RedwoodSDK's plugins with Evenkeel: by its preset, as a user writes it, or as a stranger beside the untouched stack, which shows
 * what the preset is worth.
 */
export async function evenkeelAround(framework, { preset, options }) {
  const { evenkeel, rwsdk } = await importUnseen('evenkeel')
  const given = options ? JSON.parse(options) : undefined
  if (!preset) return [framework, evenkeel(given)]
  if (!rwsdk) throw new Error('this build of evenkeel has no preset called "rwsdk"')
  return rwsdk(framework, given)
}
