// All that is installed from a registry: in one process, because they share one.
import './managers.mjs'
import './missing.mjs'
import './first-minute.mjs'
