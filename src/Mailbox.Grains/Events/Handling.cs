using Orleans.Streams;

namespace Mailbox.Grains;

/// <summary>What a backend gave to handle what is told: one at a time, or a letter of them. Called by one task.</summary>
sealed class Handling<T>
{
    readonly Func<IList<SequentialItem<T>>, Task> _next;
    readonly Func<Exception, Task> _error;
    readonly Func<Task> _completed;
    readonly int _most;

    public Handling(IAsyncObserver<T> observer)
    {
        _next = async items => await observer.OnNextAsync(items[0].Item, items[0].Token).ConfigureAwait(false);
        (_error, _completed, _most) = (observer.OnErrorAsync, observer.OnCompletedAsync, 1);
    }

    public Handling(IAsyncBatchObserver<T> observer) =>
        (_next, _error, _completed, _most) = (observer.OnNextAsync, observer.OnErrorAsync, observer.OnCompletedAsync, int.MaxValue);

    public IEnumerable<SequentialItem<T>[]> Parts(SequentialItem<T>[] items) => items.Chunk(_most);

    /// <returns>False where the handler threw: it is told, and is asked again.</returns>
    public async Task<bool> TryAsync(SequentialItem<T>[] part)
    {
        try
        {
            await _next(part).ConfigureAwait(false);
            return true;
        }
        catch (Exception fault)
        {
            await FailAsync(fault).ConfigureAwait(false);
            return false;
        }
    }

    public Task FailAsync(Exception fault) => Quietly(() => _error(fault));

    public Task CompleteAsync() => Quietly(_completed);

    /// <summary>A handler that throws where it is told of a fault has had its say.</summary>
    static async Task Quietly(Func<Task> tell)
    {
        try
        {
            await tell().ConfigureAwait(false);
        }
        catch (Exception)
        {
            // There is nobody else to tell.
        }
    }
}
