import { useForm } from 'react-hook-form'

export default function FormPage() {
  const { getValues } = useForm({ defaultValues: { answer: 42 } })
  return <p data-page="form">{`form says ${getValues('answer')}`}</p>
}
