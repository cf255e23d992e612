using Mailbox.Engine;
using Orleans.Streams;

namespace Mailbox.Grains;

/// <summary>
/// The stream provider <c>mailbox</c>: its streams are of <see cref="MailboxEvent"/> in the namespace <c>events</c>, and of
/// <see cref="UplinkLetter"/> in <c>uplinks</c>; the key of each names a subscriber.
/// </summary>
sealed class LetterStreams(MailboxGridClient grid) : IStreamProvider
{
    public const string ProviderName = "mailbox";

    public string Name => ProviderName;

    public bool IsRewindable => false;

    public IAsyncStream<T> GetStream<T>(StreamId streamId) =>
        (Find(streamId.GetNamespace(), streamId.GetKeyAsString()) as IAsyncStream<T>) ?? throw new ArgumentException(
            $"The streams here are of {nameof(MailboxEvent)}, in the namespace '{Tellings.Events.Namespace}', and of {nameof(UplinkLetter)}, in '{Tellings.Uplinks.Namespace}'.",
            nameof(streamId));

    object? Find(string? space, string key) =>
        space == Tellings.Events.Namespace ? grid.Events(key)
        : space == Tellings.Uplinks.Namespace ? grid.Uplinks(key)
        : null;
}
