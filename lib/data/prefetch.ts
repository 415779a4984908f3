// Reads ahead in an iterable, by a bounded number of items.

/**
 * The items of `source`, of which up to `depth` are asked for before they are needed; with 0, nothing is read
 * ahead. The source's `next` is never called before its last call has settled, and its `return` is called
 * when the consumer stops early.
 */
export async function* prefetch<T>(source: AsyncIterable<T> | Iterable<T>, depth: number): AsyncGenerator<T> {
  const iterator =
    Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
  const ahead: Promise<IteratorResult<T>>[] = [];
  let last: Promise<IteratorResult<T> | undefined> = Promise.resolve(undefined);
  let open = true;
  const ask = () => {
    const next = last.then((result) => (result?.done ? result : iterator.next()));
    next.catch(() => {}); // reported when it is this item's turn
    ahead.push(next);
    last = next;
  };
  try {
    while (open) {
      while (ahead.length <= depth) ask();
      const result = await ahead.shift()!.catch((error) => {
        open = false;
        throw error;
      });
      if (result.done) open = false;
      else yield result.value;
    }
  } finally {
    if (open) await iterator.return?.();
  }
}
