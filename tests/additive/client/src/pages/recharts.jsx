import { Line, LineChart } from 'recharts'

export default function Page() {
  return (
    <LineChart width={200} height={100} data={[{ keel: 42 }, { keel: 42 }]}>
      <Line dataKey="keel" isAnimationActive={false} />
      <text y={20}>recharts says 42</text>
    </LineChart>
  )
}
