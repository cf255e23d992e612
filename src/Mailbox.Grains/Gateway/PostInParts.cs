namespace Mailbox.Grains;

/// <summary>One message for several targets whose mailboxes are in several partitions: each mailbox gets one copy, which its partition sees to.</summary>
sealed class PostInParts(
    PostRequest post, Func<MailboxName, Delivery, CancellationToken, ValueTask<DeliverResult>> deliver,
    Func<GroupName, GroupSend, CancellationToken, ValueTask<SendResult>> send)
{
    readonly HashSet<MailboxName> _except = [.. post.Except];
    readonly ulong _copy = post.To.Count + post.Groups.Count > 1 ? PostRequest.NewCopy() : 0;

    public async Task<PostResult> RunAsync(CancellationToken cancel)
    {
        var to = await DeliverAsync(cancel).ConfigureAwait(false);
        var groups = new List<SendResult>(post.Groups.Count);
        for (var i = 0; i < post.Groups.Count; i++)
        {
            var part = new GroupSend(post.Draft, [.. _except]) { Copy = _copy };
            groups.Add(await send(post.Groups[i], part, cancel).ConfigureAwait(false));
        }
        return new(to, groups);
    }

    async Task<DeliverResult[]> DeliverAsync(CancellationToken cancel)
    {
        var once = new Dictionary<MailboxName, Task<DeliverResult>>();
        foreach (var name in post.To)
            if (!once.ContainsKey(name)) once[name] = DeliverAsync(name, cancel);
        return await Task.WhenAll(post.To.Select(name => once[name])).ConfigureAwait(false);
    }

    Task<DeliverResult> DeliverAsync(MailboxName name, CancellationToken cancel) =>
        _except.Contains(name) ? Task.FromResult(new DeliverResult(Outcome.Excepted)) : deliver(name, new(post.Draft) { Copy = _copy }, cancel).AsTask();
}
