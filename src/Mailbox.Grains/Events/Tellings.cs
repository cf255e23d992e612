using System.Text.Json;
using Mailbox.Engine;
using Orleans.Streams;

namespace Mailbox.Grains;

/// <summary>What the grid tells .NET backends.</summary>
static class Tellings
{
    const int MostLetters = 100_000;
    const int MostBytes = 64 << 20;

    /// <summary>What happens to mailboxes. Who is away for too long misses the oldest.</summary>
    public static Telling<MailboxEvent> Events { get; } = new(
        "events", MailboxEvents.Group, MailboxEvents.SubscriberNamed,
        new() { MaxMessages = MostLetters, MaxBytes = MostBytes },
        static letter => MailboxEvents.Read(letter.Body));

    /// <summary>What clients say. Who is away for too long holds them back: what they were promised is kept.</summary>
    public static Telling<UplinkLetter> Uplinks { get; } = new(
        "uplinks", MailboxUplinks.Group, TakerNamed,
        new() { MaxMessages = MostLetters, MaxBytes = MostBytes, Idle = MessageDraft.MaxIdle, Overflow = OverflowPolicy.Reject },
        static letter => [UplinkLetter.Read(letter)]);

    static MailboxName TakerNamed(string name) => MailboxUplinks.TakerNamed(name) is var taker && taker != MailboxUplinks.Gateways
        ? taker : throw new ArgumentException("By this name gateways take them.", nameof(name));
}

/// <summary>One kind of what the grid tells: where it is sent, and how it is read.</summary>
/// <param name="Namespace">Of its streams.</param>
/// <param name="Group">Whose members are told.</param>
/// <param name="MailboxOf">A subscriber's.</param>
/// <param name="Bounds">Of a subscriber's mailbox.</param>
/// <param name="Parse">What a letter tells; throws where it is none.</param>
sealed record Telling<T>(string Namespace, GroupName Group, Func<string, MailboxName> MailboxOf, MailboxOptionsChange Bounds, Func<Message, IEnumerable<T>> Parse)
{
    /// <returns>Nothing where somebody put something else there.</returns>
    public IReadOnlyList<T> Read(Message letter)
    {
        try
        {
            return [.. Parse(letter)];
        }
        catch (Exception fault) when (fault is JsonException or ArgumentException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            return [];
        }
    }
}

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
