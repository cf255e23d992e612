using Mailbox.Storage;

namespace Mailbox.Engine;

/// <summary>Station 1: one message for mailboxes, groups or both, as the writer plans it where one partition holds them all.</summary>
sealed class PostOperation : AnsweredOperation<PostResult>
{
    readonly MailboxEngine _engine;
    readonly PostRequest _post;
    readonly Durability _durability;
    readonly HashSet<MailboxName> _except;
    readonly ulong _digest;
    readonly ulong _sendDigest;
    readonly KeyId[] _keys = [];
    readonly List<KeyId> _volatileKeys = [];
    readonly List<(int Group, int Source, long Id)> _operations = [];
    readonly ulong _copy;
    Partition?[] _partitions = [];
    HashSet<LiveMailbox>? _reached;

    public PostOperation(MailboxEngine engine, PostRequest post)
    {
        (_engine, _post) = (engine, post);
        _durability = post.Draft.Durability ?? engine.Options.Durability;
        _except = post.Except as HashSet<MailboxName> ?? [.. post.Except];
        _copy = post.Copy != 0 || engine.Partitions.Count == 1 || post.To.Count + post.Groups.Count < 2 ? post.Copy : PostRequest.NewCopy();
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
        _operations.Clear();
        if (_post.To.Count + _post.Groups.Count > 1) _reached = [];
        _partitions = new Partition?[_post.To.Count + _post.Groups.Count];
        var to = new DeliverResult[_post.To.Count];
        for (var i = 0; i < to.Length; i++)
        {
            _partitions[i] = _engine.Partitions.Find(_post.To[i]);
            to[i] = Deliver(batch, i);
        }
        var groups = new SendResult[_post.Groups.Count];
        for (var i = 0; i < groups.Length; i++)
        {
            _partitions[to.Length + i] = _engine.Partitions.Find(_post.Groups[i]);
            groups[i] = Send(batch, i);
        }
        Planned = new(to, groups);
    }

    public override void Withdraw() => _engine.Keys.Forget(_volatileKeys);

    public override void Succeed(Batch batch)
    {
        if (Array.Exists(_partitions, static partition => partition is { IsFenced: true })) Planned = WithoutFenced(Planned);
        if (_operations.Count == 0)
        {
            base.Succeed(batch);
            return;
        }
        var (to, groups) = (Planned.To, Planned.Groups.ToArray());
        var waiting = _operations.Count;
        foreach (var (group, source, id) in _operations)
        {
            if (!TryAwait(source, id, Answered)) Answered(null);

            void Answered(OperationAnswer? answer)
            {
                if (answer is { } sum) groups[group] = new(Outcome.Stored, sum.First, sum.Second, sum.First - sum.Second);
                else if (groups[group].Outcome != Outcome.NotOwner) groups[group] = new(Outcome.StoreFailed);
                if (Interlocked.Decrement(ref waiting) == 0) Complete(new(to, groups));
            }
        }
    }

    /// <summary>An operation of this batch is sent on its way; one that a request with the same key has started is on it already.</summary>
    bool TryAwait(int source, long id, Action<OperationAnswer?> answered)
    {
        if (_engine.Channels.TryAwait(source, id, answered)) return true;
        if (_engine.Partitions[source] is not { IsFenced: false } partition || !partition.State.Channels.Open.ContainsKey(id)) return false;
        _engine.Channels.Start(partition, id, answered);
        return true;
    }

    protected override PostResult Refuse(Outcome why) => new(
        [.. _post.To.Select(_ => new DeliverResult(why))], [.. _post.Groups.Select(_ => new SendResult(why))]);

    PostResult WithoutFenced(PostResult planned) => new(
        [.. planned.To.Select((result, i) => _partitions[i] is { IsFenced: true } ? new(Outcome.NotOwner) : result)],
        [.. planned.Groups.Select((result, i) => _partitions[planned.To.Count + i] is { IsFenced: true } ? new(Outcome.NotOwner) : result)]);

    DeliverResult Deliver(Batch batch, int index)
    {
        var name = _post.To[index];
        if (_except.Contains(name)) return new(Outcome.Excepted);
        if (_partitions[index] is not { } partition) return new(Outcome.NotOwner);
        if (_keys.Length == 0) return DeliverOnce(batch, partition, name);
        var key = _keys[index];
        // A key belongs to the mailbox that the answer names: one that was removed and made again has none yet.
        var epoch = _engine.Mailboxes.Find(batch, partition, name)?.Epoch;
        if (_engine.Keys.Find(batch, partition, key) is { } answered && answered.First == epoch)
            return answered.Digest == _digest ? AsDelivered(answered) : new(Outcome.KeyReused);
        if (!_engine.Keys.HasRoomFor(batch, _post.Draft)) return new(Outcome.TooManyKeys);
        var result = DeliverOnce(batch, partition, name);
        if (result.Outcome == Outcome.Stored) Remember(batch, partition, key, ToRemember(result));
        return result;
    }

    void Remember(Batch batch, Partition partition, KeyId key, RememberedKey answer)
    {
        if (_durability == Durability.Memory) _volatileKeys.Add(key);
        _engine.Keys.Remember(batch, partition, key, answer, _durability, _post.Draft.KeyLife);
    }

    DeliverResult DeliverOnce(Batch batch, Partition partition, MailboxName name)
    {
        if (batch.IsFull) return new(Outcome.StoreFull);
        var mailbox = _engine.Mailboxes.FindOrMake(batch, partition, name);
        if (_reached?.Contains(mailbox) == true) return Reached(batch, mailbox);
        if (_copy != 0 && partition.State.Channels.Copies.TryGetValue(_copy, out var copies) && copies.Mailboxes.Contains(mailbox.Slot)) return Reached(batch, mailbox);
        var message = Messages.Accept(_post.Draft, null, batch.Now, _engine.Options);
        lock (mailbox)
        {
            var outcome = Admission.Admit(batch, mailbox, message, _durability);
            if (outcome != Outcome.Stored)
            {
                _engine.Meter.Refusals++;
                batch.Confirm(partition);
                return new(outcome);
            }
            Messages.Append(batch, partition, message, [new(mailbox.Slot, mailbox.State.Marks.Tail + 1)], 1, _durability);
            if (_post.Draft.Idle is { } idle) Lifetime.SetIdle(batch, mailbox, idle);
        }
        _engine.Meter.Messages++;
        _engine.Meter.Entries++;
        _reached?.Add(mailbox);
        GroupHomes.NoteCopies(batch, partition, _copy, [mailbox.Slot]);
        return Reached(batch, mailbox);
    }

    static DeliverResult Reached(Batch batch, LiveMailbox mailbox) => new(
        Outcome.Stored, mailbox.PositionOf(mailbox.State.Marks.Tail), mailbox.Connections,
        DateTimeOffset.FromUnixTimeMilliseconds(Lifetime.Expires(batch, mailbox)));

    SendResult Send(Batch batch, int index)
    {
        var name = _post.Groups[index];
        if (_partitions[_post.To.Count + index] is not { } partition) return new(Outcome.NotOwner);
        if (_keys.Length == 0) return SendOnce(batch, partition, index, null);
        var key = _keys[_post.To.Count + index];
        if (_engine.Keys.Find(batch, partition, key) is { } answered) return answered.Digest == _sendDigest ? AsSent(answered) : new(Outcome.KeyReused);
        if (partition.State.Channels.OpenSends.TryGetValue(key, out var underWay))
        {
            var first = (SendPartition)partition.State.Channels.Open[underWay].Operation;
            if (first.Key!.Value.Digest != _sendDigest) return new(Outcome.KeyReused);
            _operations.Add((index, partition.Number, underWay));
            return default;
        }
        if (!_engine.Keys.HasRoomFor(batch, _post.Draft)) return new(Outcome.TooManyKeys);
        var before = _operations.Count;
        var result = SendOnce(batch, partition, index, new(key, _sendDigest, _engine.Keys.EndOf(batch, _post.Draft.KeyLife)));
        if (_operations.Count == before && result.Stored > 0) Remember(batch, partition, key, ToRemember(result));
        return result;
    }

    SendResult SendOnce(Batch batch, Partition partition, int index, SendKey? key)
    {
        if (batch.IsFull) return new(Outcome.StoreFull);
        var message = Messages.Accept(_post.Draft, _post.Groups[index], batch.Now, _engine.Options);
        var (result, operation) = GroupHomes.Send(batch, _engine, partition, message, _except, _post.Draft.Idle, _durability, _reached, _copy, key);
        if (operation != 0) _operations.Add((index, partition.Number, operation));
        if (result.Members == 0) batch.Confirm(partition);
        return result;
    }

    RememberedKey ToRemember(DeliverResult result) => new(
        _digest, 0, result.Position.Epoch, result.Position.Sequence, result.Connections, result.Expires.ToUnixTimeMilliseconds());

    RememberedKey ToRemember(SendResult result) => new(_sendDigest, 0, (ulong)result.Members, result.Stored, result.Refused, 0);

    static DeliverResult AsDelivered(RememberedKey key) =>
        new(Outcome.Stored, new(key.First, key.Second), key.Third, DateTimeOffset.FromUnixTimeMilliseconds(key.Fourth));

    static SendResult AsSent(RememberedKey key) => new(Outcome.Stored, (int)key.First, (int)key.Second, key.Third);
}

/// <summary>Station 2: a draft becomes a message, and a message becomes entries of mailboxes.</summary>
static class Messages
{
    public static Message Accept(MessageDraft draft, GroupName? group, DateTimeOffset now, EngineOptions options)
    {
        var live = draft.TimeToLive ?? options.TimeToLive;
        return new()
        {
            Body = draft.Body,
            ContentType = draft.ContentType,
            Type = draft.Type,
            Topic = draft.Topic,
            Group = group,
            At = now,
            // A message with a time to live of zero has ended when it is accepted (RFC 8030 section 5.2): see Message.IsImmediate.
            Expires = ExpiryTick.TimeOf(live == TimeSpan.Zero ? ExpiryTick.Now(now) : ExpiryTick.NotBefore(now + live)),
        };
    }

    /// <summary>Appends a message to mailboxes of one partition that have admitted it: one body, and a number for each (spec G6).</summary>
    /// <param name="targets">With live parts. Only the first <paramref name="count"/> count.</param>
    public static void Append(Batch batch, Partition partition, Message message, MessageTarget[] targets, int count, Durability durability)
    {
        var summary = new MessageSummary(message.Body.Length, ExpiryTick.NotBefore(message.Expires), message.Topic);
        if (durability > Durability.Memory)
        {
            var (offset, bytes) = batch.BodyOf(partition, message);
            batch.Do(partition, new MessageAppendedRecord(partition.BodiesAt, offset, bytes, summary, targets, count), durability);
        }
        foreach (var target in targets.AsSpan(0, count))
        {
            var mailbox = target.Mailbox.Live!;
            lock (mailbox)
            {
                if (durability == Durability.Memory) mailbox.State.Append(new(target.Sequence, summary.Size, summary.Expires, default), summary.Topic);
                mailbox.NoteAppended(message, isVolatile: durability == Durability.Memory, batch.Now);
            }
        }
    }
}

/// <summary>Station 2: whether a message gets into a mailbox: bounds, topics, numbers (spec M3, M5, M11, M12). Called under <c>lock (mailbox)</c>.</summary>
static class Admission
{
    const int ReservedBlock = 1024;

    /// <summary>Makes room for a message.</summary>
    /// <returns><see cref="Outcome.Stored"/>: it is to be appended with the number behind <see cref="MailboxMarks.Tail"/>. Else nothing changed.</returns>
    public static Outcome Admit(Batch batch, LiveMailbox mailbox, Message message, Durability durability)
    {
        var outcome = MakeRoom(batch, mailbox, message);
        if (outcome != Outcome.Stored) return outcome;
        batch.Touch(mailbox);
        // Numbers that the log may not see, or may lose, are reserved in it first, so that a crash cannot give one out twice (spec M5).
        var marks = mailbox.State.Marks;
        var reserved = durability switch
        {
            Durability.Memory => marks.Reserved,
            Durability.Process => Math.Max(marks.Reserved, marks.Unsynced),
            _ => long.MaxValue,
        };
        if (marks.Tail >= reserved)
            batch.Do(mailbox.Partition, new NumbersReservedRecord(mailbox.Slot, marks.Tail + ReservedBlock, durability), Durability.Disk);
        return Outcome.Stored;
    }

    static Outcome MakeRoom(Batch batch, LiveMailbox mailbox, Message message)
    {
        var size = message.Body.Length;
        if (mailbox.Fits(size) && message.Topic is null) return Outcome.Stored;
        foreach (var ended in mailbox.Expired(batch.NowTick) ?? []) batch.RemoveMessage(mailbox, ended, GapReason.Ttl);
        var superseded = Superseded(mailbox, message.Topic);
        // What has ended already takes no room: it pushes nothing out.
        var takesRoom = mailbox.HasTakerFor(message);
        var refusal = takesRoom || size > mailbox.State.Options.MaxBytes ? Refusal(mailbox, size, superseded) : Outcome.Stored;
        if (refusal != Outcome.Stored) return refusal;
        if (superseded > 0) batch.RemoveMessage(mailbox, superseded, null);
        while (takesRoom && !mailbox.Fits(size))
        {
            ref readonly var victim = ref mailbox.Victim();
            if (!mailbox.IsRead(victim)) batch.Tell(mailbox.Name, MailboxEventKind.Overflowed);
            batch.RemoveMessage(mailbox, victim.Sequence, GapReason.Overflow);
        }
        return Outcome.Stored;
    }

    static Outcome Refusal(LiveMailbox mailbox, int size, long superseded) => mailbox.State.Options switch
    {
        { Overflow: OverflowPolicy.DropOldest } options => size > options.MaxBytes ? Outcome.TooLarge : Outcome.Stored,
        _ when mailbox.FitsUnread(size, superseded) => Outcome.Stored,
        { Overflow: OverflowPolicy.Reject } => Outcome.MailboxFull,
        _ => Outcome.Dropped,
    };

    /// <summary>The older message of the same topic that was not sent yet, or 0 (RFC 8030 section 5.4).</summary>
    static long Superseded(LiveMailbox mailbox, string? topic)
    {
        if (topic is null || mailbox.State.Topics is not { } topics || !topics.TryGetValue(topic, out var older)) return 0;
        var entry = mailbox.State.Entries[mailbox.State.IndexOf(older)];
        return entry.IsSent || entry.IsWritten ? 0 : older;
    }
}

/// <summary>Station 2: one message for the members of a group in one partition (spec G4 to G6).</summary>
static class GroupSending
{
    /// <param name="reached">Mailboxes that have the message already, as targets of the same request: they count as members that have it.</param>
    /// <param name="copy">The same for requests whose targets are in several partitions; 0 for none.</param>
    public static SendResult Send(
        Batch batch, MailboxEngine engine, Partition partition, Message message, HashSet<MailboxName> except, TimeSpan? idle, Durability durability,
        HashSet<LiveMailbox>? reached, ulong copy = 0)
    {
        if (partition.Tables.Groups.Find(message.Group!.Value) is not { } group) return default;
        var copies = copy == 0 ? null : partition.State.Channels.Copies.GetValueOrDefault(copy);
        var targets = new MessageTarget[group.Count];
        var (members, stored, count) = (0, 0, 0);
        // From the last to the first: a member that is due leaves the group here, and the last one takes its place.
        for (var i = group.Count - 1; i >= 0; i--)
        {
            var slot = group[i];
            if (except.Count > 0 && except.Contains(slot.Name)) continue;
            if (engine.Mailboxes.Use(batch, partition, slot) is not { } mailbox) continue;
            members++;
            if (reached?.Contains(mailbox) == true || copies?.Mailboxes.Contains(slot) == true)
            {
                stored++;
                continue;
            }
            lock (mailbox)
                if (Admission.Admit(batch, mailbox, message, durability) != Outcome.Stored) continue;
            targets[count++] = new(slot, mailbox.State.Marks.Tail + 1);
            stored++;
        }
        if (count > 0) Messages.Append(batch, partition, message, targets, count, durability);
        for (var i = 0; i < count; i++)
        {
            var mailbox = targets[i].Mailbox.Live!;
            reached?.Add(mailbox);
            if (idle is { } time) lock (mailbox) Lifetime.SetIdle(batch, mailbox, time);
        }
        if (copy != 0) GroupHomes.NoteCopies(batch, partition, copy, [.. targets.Take(count).Select(static target => target.Mailbox)]);
        engine.Meter.Messages++;
        engine.Meter.Entries += count;
        engine.Meter.Refusals += members - stored;
        return new(Outcome.Stored, members, stored, members - stored);
    }
}
