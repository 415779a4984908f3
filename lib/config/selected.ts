// A schema that looks at a value before it decides what else the value has to be.
import { z } from 'zod';

/** What is expected instead of a value, in words; of a key of it, when one is named. */
export type Expectation = string | readonly [key: string, words: string];

/**
 * One of several schemas: `select` gives the one that fits to a value, or says what is expected instead. Errors
 * are those of that schema alone.
 */
export function selected<Schema extends z.ZodType>(
  select: (value: unknown) => Schema | Expectation,
): z.ZodType<z.output<Schema>, z.input<Schema>> {
  const schema = z.transform((value: unknown, context) => {
    const choice = select(value);
    if (!(choice instanceof z.ZodType)) {
      const [path, message] = typeof choice === 'string' ? [[], choice] : [[choice[0]], choice[1]];
      context.issues.push({ code: 'custom', input: value, path, message });
      return z.NEVER;
    }
    const result = choice.safeParse(value);
    if (result.success) return result.data;
    for (const issue of result.error.issues) context.issues.push({ ...issue, input: value } as never);
    return z.NEVER;
  });
  return schema as never;
}
