namespace Mailbox.Engine.Tests;

/// <summary>What backends do.</summary>
sealed partial class ProgramRun
{
    string NewBody(ref Choices choose) => $"{++_bodies}{new string('.', choose.OneIn(4) ? choose.Next(40) : 0)}";

    MessageDraft NewDraft(ref Choices choose) => Office.Draft(NewBody(ref choose)) with
    {
        Topic = choose.OneIn(3) ? choose.Of("t", "u") : null,
        TimeToLive = choose.OneIn(3) ? TimeSpan.FromSeconds(choose.OneIn(4) ? 0 : choose.Next(200)) : null,
        Durability = choose.Of(Durability.Disk, Durability.Disk, Durability.Process, Durability.Memory),
    };

    static string Told(MessageDraft draft) => $"{BodyOf(draft)} {draft.Topic} {draft.TimeToLive} {draft.Durability}";

    static string BodyOf(MessageDraft draft) => System.Text.Encoding.UTF8.GetString(draft.Body.Span);

    void Deliver(Choices choose, string name)
    {
        var draft = NewDraft(ref choose);
        if (choose.OneIn(4)) DeliverKeyed(draft with { IdempotencyKey = choose.Of("k", "l"), Durability = Durability.Disk }, name);
        else Deliver(draft with { Idle = choose.OneIn(12) ? TimeSpan.FromMinutes(1 + choose.Next(5)) : null }, name);
    }

    void DeliverKeyed(MessageDraft draft, string name)
    {
        var key = (name, draft.IdempotencyKey!);
        // A key goes with its mailbox.
        if (!_keys.TryGetValue(key, out var used) || used.Until <= _model.Seconds || used.Mailbox != _model.Find(name)) Deliver(draft, name);
        else Ask(Engine.DeliverAsync(Office.Name(name), draft).AsTask(), answer => Assert.Equal(Outcome.KeyReused, answer.Outcome));
    }

    void Deliver(MessageDraft draft, string name)
    {
        Tell($"deliver {name}: {Told(draft)} {draft.IdempotencyKey} idle {draft.Idle}");
        var question = Engine.DeliverAsync(Office.Name(name), draft).AsTask();
        if (IsRefused(question, new DeliverResult(Outcome.StoreFull))) return;
        var mailbox = _model.FindOrMake(name);
        var (outcome, expected) = (Append(mailbox, draft), mailbox.Tail);
        if (outcome == Outcome.Stored && draft.Idle is { } idle) SetIdle(mailbox, idle);
        if (outcome == Outcome.Stored && draft.IdempotencyKey is { } key) _keys[(name, key)] = (_model.Seconds + 600, mailbox);
        Ask(question, Answer(name, mailbox, outcome, expected));
    }

    Action<DeliverResult> Answer(string name, ModelMailbox mailbox, Outcome outcome, long number)
    {
        var (readers, expires) = (mailbox.Readers.Count, _model.Expires(mailbox));
        return answer =>
        {
            Assert.Equal(outcome, answer.Outcome);
            if (outcome != Outcome.Stored) return;
            Expect(name, mailbox, answer.Position);
            Assert.Equal((number, readers, expires), (answer.Position.Sequence, answer.Connections, answer.Expires.ToUnixTimeMilliseconds()));
        };
    }

    Outcome Append(ModelMailbox mailbox, MessageDraft draft) => mailbox.Append(
        BodyOf(draft), draft.Topic, _model.Seconds,
        draft.TimeToLive ?? _office.Options.TimeToLive, draft.Durability!.Value);

    void SetIdle(ModelMailbox mailbox, TimeSpan idle)
    {
        mailbox.Options = mailbox.Options with { Idle = idle };
        _model.ReaderSeen(mailbox);
    }

    void Send(Choices choose, string group)
    {
        var draft = NewDraft(ref choose);
        var except = choose.OneIn(2) ? choose.Of(s_names) : "nobody";
        Tell($"send {group} except {except}: {Told(draft)}");
        var question = Engine.SendAsync(Office.Group(group), draft, [Office.Name(except)]).AsTask();
        if (IsRefused(question, new SendResult(Outcome.StoreFull))) return;
        // A send that goes to many partitions stands in the log.
        if (Engine.Partitions.Count > 1) draft = draft with { Durability = Durability.Disk };
        var members = _model.MembersOf(group).Where(name => name != except).ToArray();
        var stored = members.Count(name => Append(_model.Mailboxes[name], draft) == Outcome.Stored);
        Ask(question, answer => Assert.Equal(new(Outcome.Stored, members.Length, stored, members.Length - stored), answer));
    }

    void ChangeMembers(Choices choose, string group)
    {
        string[] add = choose.OneIn(3) ? [] : [choose.Of(s_names), choose.Of(s_names)];
        string[] remove = choose.OneIn(3) ? [choose.Of(s_names)] : [];
        Tell($"group {group}: add {string.Join(' ', add)}, remove {string.Join(' ', remove)}");
        var question = Engine.ChangeMembersAsync(Office.Group(group), [.. add.Select(Office.Name)], [.. remove.Select(Office.Name)]).AsTask();
        if (IsRefused(question, new MembersResult(Outcome.StoreFull))) return;
        var (added, removed) = (add.Count(name => _model.Join(group, name)), remove.Count(name => _model.Leave(group, name)));
        Ask(question, answer => Assert.Equal((added, removed), (answer.Added, answer.Removed)));
    }

    void Remove(Choices choose, string name)
    {
        if (choose.OneIn(2)) DeleteMessage(choose, name);
        else RemoveMailbox(name);
    }

    void RemoveMailbox(string name)
    {
        Tell($"remove {name}");
        var outcome = _model.Find(name) is null ? Outcome.NotFound : Outcome.Stored;
        if (outcome == Outcome.Stored) _model.Remove(name);
        Ask(Engine.RemoveAsync(Office.Name(name)).AsTask(), answer => Assert.Equal(outcome, answer));
    }

    void DeleteMessage(Choices choose, string name)
    {
        Flush();
        if (!_model.Positions.TryGetValue(name, out var position)) return;
        position = position with { Sequence = Math.Max(0, position.Sequence - choose.Next(6)) };
        Tell($"delete {name} {position.Sequence}");
        var isThere = _model.Find(name) is { } mailbox && mailbox.Epoch == position.Epoch && mailbox.Delete(position.Sequence);
        Ask(Engine.DeleteMessageAsync(Office.Name(name), position).AsTask(), answer => Assert.Equal(isThere ? Outcome.Stored : Outcome.NotFound, answer));
    }

    void SetOptions(Choices choose, string name)
    {
        var change = new MailboxOptionsChange
        {
            Overflow = choose.Of(OverflowPolicy.DropOldest, OverflowPolicy.Reject, OverflowPolicy.DropNewest),
            MaxMessages = 1 + choose.Next(8),
            Idle = choose.OneIn(3) ? TimeSpan.FromMinutes(1 + choose.Next(20)) : null,
        };
        Tell($"set {name}: {change}");
        var question = Engine.SetOptionsAsync(Office.Name(name), change).AsTask();
        if (IsRefused(question, Outcome.StoreFull)) return;
        var mailbox = _model.FindOrMake(name);
        ModelOffice.SetOptions(mailbox, change.ApplyTo(mailbox.Options));
        Ask(question, answer => Assert.Equal(Outcome.Stored, answer));
    }

    void ToggleFull()
    {
        Flush();
        _office.Store.IsFull = !_office.Store.IsFull;
        Tell($"full: {_office.Store.IsFull}");
    }
}
