/**
 * @typedef {object} LateDependency
 * @property {string} dep
 * @property {string} page the module in `src/pages` that alone imports it
 * @property {'save' | 'click'} by a save that imports the page, or a click that opens it
 */

/** In the order in which they come. @type {LateDependency[]} */
export const lateDependencies = [
  { dep: 'zustand', page: 'zustand', by: 'save' },
  { dep: '@radix-ui/react-dialog', page: 'dialog', by: 'click' },
  { dep: 'react-hook-form', page: 'form', by: 'save' },
  { dep: '@tanstack/react-query', page: 'query', by: 'click' },
  { dep: 'lodash-es', page: 'lodash', by: 'save' },
  { dep: 'date-fns', page: 'date', by: 'click' },
  { dep: '@mui/material', page: 'material', by: 'save' },
  { dep: 'antd', page: 'antd', by: 'click' },
  { dep: 'lucide-react', page: 'lucide', by: 'save' },
  { dep: 'framer-motion', page: 'motion', by: 'click' },
  { dep: 'recharts', page: 'recharts', by: 'save' },
]

/** What a page shows when its dependency works with the app's React. */
export const shownBy = ({ page }) => `${page} says 42`
