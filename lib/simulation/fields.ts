// Gives errors of the engine the place that their value has in the configuration of a simulation.
import { SynfireError } from '../errors.ts';

/**
 * What `call` returns; what it refuses becomes an ERR_SYNFIRE_CONFIG about a field under `prefix`: `neurons[3]` is
 * `inputs.noise.neurons.3`.
 */
export function underField<Result>(prefix: string, call: () => Result): Result {
  try {
    return call();
  } catch (error) {
    if (!(error instanceof SynfireError) || error.field === undefined) throw error;
    const field = `${prefix}.${error.field.replace(/\[(\d+)\]/g, '.$1')}`;
    throw new SynfireError('ERR_SYNFIRE_CONFIG', error.message.replace(error.field, field), {
      ...error,
      field,
    });
  }
}
