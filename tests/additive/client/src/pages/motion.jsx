import { motion } from 'framer-motion'

export default function Page() {
  return <motion.p animate={{ opacity: 1 }}>motion says 42</motion.p>
}
