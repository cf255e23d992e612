namespace Mailbox.Engine.Tests;

/// <summary>What readers do, and time.</summary>
sealed partial class ProgramRun
{
    void Open(Choices choose, string name)
    {
        Flush();
        var request = NewRequest(ref choose, name);
        Tell($"open {name} as {_lines.Count}: {request.From} {request.After} {request.Conflict} window {request.WindowMessages} idle {request.Idle}");
        var mailbox = _model.FindOrMake(name);
        var (result, bell) = _office.TryOpen(name, request);
        if (request.Conflict == ConflictPolicy.Reject && mailbox.Readers.Count > 0)
        {
            Assert.Equal(OpenOutcome.Conflict, result.Outcome);
            return;
        }
        Assert.Equal(OpenOutcome.Opened, result.Outcome);
        if (request.Conflict == ConflictPolicy.Takeover) EndAll(mailbox);
        Opened(name, mailbox, request, new(result.Reader!, bell));
    }

    OpenRequest NewRequest(ref Choices choose, string name) => new()
    {
        From = choose.Of(StartFrom.Unread, StartFrom.Unread, StartFrom.Oldest, StartFrom.Now),
        After = choose.OneIn(3) && _model.Positions.TryGetValue(name, out var last)
            ? last with { Sequence = Math.Max(0, last.Sequence + 1 - choose.Next(8)) } : null,
        Conflict = choose.Of(ConflictPolicy.Share, ConflictPolicy.Share, ConflictPolicy.Share, ConflictPolicy.Reject, ConflictPolicy.Takeover),
        WindowMessages = 1 + choose.Next(6),
        Idle = choose.OneIn(8) ? TimeSpan.FromMinutes(1 + choose.Next(5)) : null,
    };

    void Opened(string name, ModelMailbox mailbox, OpenRequest request, Line line)
    {
        if (mailbox.Epoch == 0) LearnEpoch(name, mailbox);
        var isOwn = request.After is { } position && position.Epoch == mailbox.Epoch && position.Sequence <= mailbox.Tail;
        if (isOwn) mailbox.Acknowledge(request.After!.Value.Sequence);
        if (request is { After: null, From: StartFrom.Unread }) mailbox.LearnUnread(line.Position.Sequence);
        var (start, floor) = (StartOf(mailbox, request, isOwn), isOwn ? mailbox.Acknowledged : 0);
        var reader = new ModelReader(mailbox, line, start, floor, isOwn ? null : request.After) { WindowMessages = request.WindowMessages };
        mailbox.Readers.Add(reader);
        _lines.Add(reader);
        if (request.Idle is { } idle) mailbox.Options = mailbox.Options with { Idle = idle };
        _model.ReaderSeen(mailbox);
    }

    void LearnEpoch(string name, ModelMailbox mailbox)
    {
        mailbox.Epoch = _office.Look(name)!.Last.Epoch;
        // Whoever looks at a mailbox takes out what has ended.
        mailbox.EndOfTime(_model.Seconds);
    }

    long StartOf(ModelMailbox mailbox, OpenRequest request, bool isOwn)
    {
        if (isOwn) return request.After!.Value.Sequence;
        if (request.After is not null || request.From == StartFrom.Oldest) return mailbox.BeforeOldest(_model.Seconds);
        return request.From == StartFrom.Now ? mailbox.Tail : mailbox.Unread;
    }

    static void EndAll(ModelMailbox mailbox)
    {
        foreach (var reader in mailbox.Readers) reader.HasEnded = true;
        mailbox.Readers.Clear();
    }

    void Read(Choices choose)
    {
        if (_lines.Count == 0) return;
        Flush();
        Take(_lines[choose.Next(_lines.Count)], choose.Next(3) > 0);
    }

    void Take(ModelReader reader, bool thenWrite)
    {
        if (reader.HasEnded)
        {
            Assert.Equal(ReadStatus.Ended, reader.Line.Reader.TryRead([]));
            _lines.Remove(reader);
            return;
        }
        var received = reader.Line.ReadAll(write: false);
        Tell($"read {reader.Line.Reader.Mailbox} {_lines.IndexOf(reader)}, then write {thenWrite}: {Line.Tell(received)}");
        reader.Expect(received, _model.Seconds);
        if (!thenWrite) return;
        reader.Line.Written();
        reader.Written();
    }

    void Close(Choices choose)
    {
        if (_lines.Count == 0) return;
        Flush();
        var reader = _lines[choose.Next(_lines.Count)];
        Tell($"close {reader.Line.Reader.Mailbox} {_lines.IndexOf(reader)}");
        _lines.Remove(reader);
        _office.Close(reader.Line);
        foreach (var mailbox in _model.Mailboxes.Values.Where(mailbox => mailbox.Readers.Remove(reader)).ToArray()) Left(mailbox);
    }

    void Left(ModelMailbox mailbox)
    {
        if (mailbox.Acknowledged > mailbox.Trimmed) mailbox.Trim();
        if (mailbox.Readers.Count == 0) _model.ReaderSeen(mailbox);
    }

    void Acknowledge(Choices choose, string name)
    {
        Flush();
        if (!_model.Positions.TryGetValue(name, out var position)) return;
        position = position with { Sequence = Math.Max(0, position.Sequence + 1 - choose.Next(8)) };
        Tell($"acknowledge {name} {position}");
        Ask(Engine.AcknowledgeAsync(Office.Name(name), position).AsTask(), Acknowledged(name, position));
    }

    Action<AcknowledgeOutcome> Acknowledged(string name, Position position)
    {
        var expected = AcknowledgeOutcome.NotFound;
        if (_model.Find(name) is { } mailbox)
        {
            var isOwn = position.Epoch == mailbox.Epoch && position.Sequence <= mailbox.Tail;
            expected = isOwn ? AcknowledgeOutcome.Acknowledged : AcknowledgeOutcome.BadPosition;
            if (isOwn) mailbox.Acknowledge(position.Sequence);
            if (isOwn) _model.ReaderSeen(mailbox);
        }
        return answer => Assert.Equal(expected, answer);
    }

    void Wait(Choices choose)
    {
        Flush();
        _office.Time.Advance(TimeSpan.FromSeconds(choose.OneIn(4) ? choose.Next(900) : choose.Next(60)));
        _office.Maintain();
        Tell($"the time is {_office.Time.GetUtcNow():HH:mm:ss}");
        foreach (var name in s_names) _model.Find(name)?.Maintain();
    }

    void Restart()
    {
        Flush();
        _office.Restart();
        Tell($"restart");
        _lines.Clear();
        foreach (var name in _model.Mailboxes.Keys.ToArray()) Restarted(name, _model.Mailboxes[name]);
    }

    /// <summary>What the crash may have changed is learnt from the engine, within what the rules allow (spec M5, M15).</summary>
    void Restarted(string name, ModelMailbox mailbox)
    {
        if (mailbox.Readers.Count > 0) _model.ReaderSeen(mailbox);
        var info = _office.Look(name);
        if (info is null)
        {
            Assert.True(_model.Now >= mailbox.Deadline, $"{name} was removed early");
            mailbox.Readers.Clear();
            _model.Remove(name);
            return;
        }
        if (mailbox.HasVolatile) Assert.InRange(info.Last.Sequence, mailbox.Tail, mailbox.Tail + 1024);
        else Assert.Equal(mailbox.Tail, info.Last.Sequence);
        Assert.InRange(info.Expires.ToUnixTimeMilliseconds(), mailbox.Deadline, mailbox.Deadline + (long)mailbox.Options.Idle.TotalMilliseconds / 9);
        mailbox.Deadline = info.Expires.ToUnixTimeMilliseconds();
        mailbox.Restart(info.Last.Sequence);
        mailbox.EndOfTime(_model.Seconds);
    }
}
