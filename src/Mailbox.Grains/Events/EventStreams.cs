using Mailbox.Engine;
using Orleans.Streams;

namespace Mailbox.Grains;

/// <summary>
/// The stream provider <c>mailbox</c>: its streams are of <see cref="MailboxEvent"/>, their namespace is <c>events</c>, and the key of each
/// names a subscriber.
/// </summary>
sealed class EventStreams(MailboxGridClient grid) : IStreamProvider
{
    public const string ProviderName = "mailbox";
    public const string Namespace = "events";

    public string Name => ProviderName;

    public bool IsRewindable => false;

    public IAsyncStream<T> GetStream<T>(StreamId streamId)
    {
        if (streamId.GetNamespace() != Namespace || typeof(T) != typeof(MailboxEvent))
            throw new ArgumentException($"The streams here are of {nameof(MailboxEvent)}, in the namespace '{Namespace}'.", nameof(streamId));
        return (IAsyncStream<T>)grid.Events(streamId.GetKeyAsString());
    }
}
