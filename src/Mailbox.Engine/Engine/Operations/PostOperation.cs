using Mailbox.Storage;

namespace Mailbox.Engine;

/// <summary>Station 1: one message for mailboxes, groups or both, as the writer plans it.</summary>
sealed class PostOperation : AnsweredOperation<PostResult>
{
    readonly MailboxEngine _engine;
    readonly PostRequest _post;
    readonly Durability _durability;
    readonly HashSet<MailboxName> _except;
    readonly ulong _digest;
    readonly ulong _sendDigest;
    readonly KeyId[] _keys = [];
    readonly Target[]?[] _sent = [];
    HashSet<LiveMailbox>? _reached;

    public PostOperation(MailboxEngine engine, PostRequest post)
    {
        (_engine, _post) = (engine, post);
        _durability = post.Draft.Durability ?? engine.Options.Durability;
        _except = post.Except as HashSet<MailboxName> ?? [.. post.Except];
        if (post.Groups.Count > 0) _sent = new Target[]?[post.Groups.Count];
        if (post.Draft.IdempotencyKey is not { } key) return;
        _digest = KeyHasher.DigestOf(post.Draft);
        _sendDigest = post.Groups.Count == 0 || _except.Count == 0 ? _digest : KeyHasher.DigestOf(post.Draft, _except);
        _keys = [.. post.To.Select(name => KeyHasher.KeyOf(name, key)), .. post.Groups.Select(name => KeyHasher.KeyOf(name, key))];
    }

    /// <summary>What the last plan would answer.</summary>
    public PostResult Result => Planned;

    public override long Weight => Math.Max(1, _post.Draft.Body.Length);

    public override void Plan(Batch batch)
    {
        if (_post.To.Count + _post.Groups.Count > 1) _reached = [];
        var to = new DeliverResult[_post.To.Count];
        for (var i = 0; i < to.Length; i++) to[i] = Deliver(batch, i);
        var groups = new SendResult[_post.Groups.Count];
        for (var i = 0; i < groups.Length; i++) groups[i] = Send(batch, i);
        Planned = new(to, groups);
    }

    public override void Succeed(Batch batch)
    {
        if (batch.Records.Fenced is { } fenced) Planned = Unfenced.Of(Planned, _post, _sent, fenced);
        base.Succeed(batch);
    }

    protected override PostResult Refuse(Outcome why) => new(
        [.. _post.To.Select(_ => new DeliverResult(why))], [.. _post.Groups.Select(_ => new SendResult(why))]);

    DeliverResult Deliver(Batch batch, int index)
    {
        var name = _post.To[index];
        if (_except.Contains(name)) return new(Outcome.Excepted);
        if (!_engine.Table.Owns(name)) return new(Outcome.NotOwner);
        if (_keys.Length == 0) return DeliverOnce(batch, name);
        var key = _keys[index];
        // A key belongs to the mailbox that the answer names: one that was removed and made again has none yet.
        var epoch = _engine.Table.Find(name)?.Handle.Epoch;
        if (_engine.Keys.Find(key) is { } answered && answered.First == epoch)
            return answered.Digest == _digest ? AsDelivered(answered) : new(Outcome.KeyReused);
        if (!_engine.Keys.HasRoomFor(_post.Draft)) return new(Outcome.TooManyKeys);
        var result = DeliverOnce(batch, name);
        if (result.Outcome == Outcome.Stored) _engine.Keys.Remember(key, ToRemember(result), _durability, _post.Draft.KeyLife);
        return result;
    }

    DeliverResult DeliverOnce(Batch batch, MailboxName name)
    {
        var mailbox = _engine.Table.FindOrMake(name);
        if (_reached?.Contains(mailbox) == true) return Reached(batch, mailbox);
        var message = MessageFor(batch, null);
        lock (mailbox)
        {
            var outcome = Admission.Append(batch, mailbox, message, _durability);
            if (outcome != Outcome.Stored) return Refused(outcome);
            Appended(batch, mailbox);
        }
        _engine.Meter.Messages++;
        _engine.Meter.Entries++;
        _reached?.Add(mailbox);
        Record(batch, message, [new(mailbox.Handle, mailbox.State.Marks.Tail)], 1);
        return Reached(batch, mailbox);
    }

    DeliverResult Refused(Outcome why)
    {
        _engine.Meter.Refusals++;
        return new(why);
    }

    static DeliverResult Reached(Batch batch, LiveMailbox mailbox) => new(
        Outcome.Stored, mailbox.PositionOf(mailbox.State.Marks.Tail), mailbox.Connections,
        DateTimeOffset.FromUnixTimeMilliseconds(Lifetime.Expires(batch, mailbox)));

    SendResult Send(Batch batch, int index)
    {
        var name = _post.Groups[index];
        if (_keys.Length == 0) return SendOnce(batch, name, index);
        var key = _keys[_post.To.Count + index];
        if (_engine.Keys.Find(key) is { } answered) return answered.Digest == _sendDigest ? AsSent(answered) : new(Outcome.KeyReused);
        if (!_engine.Keys.HasRoomFor(_post.Draft)) return new(Outcome.TooManyKeys);
        var result = SendOnce(batch, name, index);
        if (result.Stored > 0) _engine.Keys.Remember(key, ToRemember(result), _durability, _post.Draft.KeyLife);
        return result;
    }

    SendResult SendOnce(Batch batch, GroupName name, int index)
    {
        if (_engine.Table.Group(name) is not { } group) return default;
        var fanOut = new FanOut(batch, MessageFor(batch, name), _durability, group.Count);
        // From the last to the first: a member that is due leaves the group here, and the last one takes its place.
        for (var i = group.Count - 1; i >= 0; i--)
        {
            if (_except.Contains(group.NameAt(i))) continue;
            if (MemberAt(batch, group, i) is { } mailbox) SendTo(batch, mailbox, ref fanOut);
        }
        _engine.Meter.Messages++;
        _engine.Meter.Entries += fanOut.TargetCount;
        _engine.Meter.Refusals += fanOut.Members - fanOut.Stored;
        _sent[index] = fanOut.Targets;
        if (fanOut.TargetCount > 0) Record(batch, fanOut.Message, fanOut.Targets, fanOut.TargetCount);
        return new(Outcome.Stored, fanOut.Members, fanOut.Stored, fanOut.Members - fanOut.Stored);
    }

    LiveMailbox? MemberAt(Batch batch, LiveGroup group, int index)
    {
        if (group.LiveAt(index) is { } live && !live.IsDue(batch.NowMilliseconds))
        {
            live.UsedAt = batch.NowMilliseconds;
            return live;
        }
        var name = group.NameAt(index);
        var found = _engine.Table.Find(name);
        if (found is not null) group.Remember(index, found);
        return found;
    }

    void SendTo(Batch batch, LiveMailbox mailbox, ref FanOut fanOut)
    {
        if (_reached?.Contains(mailbox) == true)
        {
            fanOut.CountReached();
            return;
        }
        if (fanOut.Append(mailbox) != Outcome.Stored) return;
        _reached?.Add(mailbox);
        if (_post.Draft.Idle is not null) lock (mailbox) Appended(batch, mailbox);
    }

    void Appended(Batch batch, LiveMailbox mailbox)
    {
        if (_post.Draft.Idle is { } idle) Lifetime.SetIdle(batch, mailbox, idle);
    }

    void Record(Batch batch, Message message, Target[] targets, int count)
    {
        if (_durability > Durability.Memory) batch.Add(new MessageAppended(message, targets, count), _durability);
    }

    Message MessageFor(Batch batch, GroupName? group) => Acceptance.Accept(_post.Draft, group, batch.Now, _engine.Options);

    RememberedKey ToRemember(DeliverResult result) => new(
        _digest, 0, result.Position.Epoch, result.Position.Sequence, result.Connections, result.Expires.ToUnixTimeMilliseconds());

    RememberedKey ToRemember(SendResult result) => new(_sendDigest, 0, (ulong)result.Members, result.Stored, result.Refused, 0);

    static DeliverResult AsDelivered(RememberedKey key) =>
        new(Outcome.Stored, new(key.First, key.Second), key.Third, DateTimeOffset.FromUnixTimeMilliseconds(key.Fourth));

    static SendResult AsSent(RememberedKey key) => new(Outcome.Stored, (int)key.First, (int)key.Second, key.Third);
}
