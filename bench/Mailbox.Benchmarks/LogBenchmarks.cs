using BenchmarkDotNet.Attributes;
using Mailbox.Storage;
using Mailbox.Storage.Journal;

namespace Mailbox.Benchmarks;

/// <summary>Station 3: one frame in a directory, synced, each message for a mailbox of its own. The disk of the temporary directory decides.</summary>
[MemoryDiagnoser]
public class LogBenchmarks
{
    const int Mailboxes = 1000;

    readonly DataDirectory _data = new();
    readonly FrameBatch _batch = new() { Durability = Durability.Disk };
    readonly Frame _frame = new(0);
    readonly MessageTarget[][] _targets = new MessageTarget[Mailboxes][];
    DirectoryLog _log = null!;
    Message _message = null!;
    long _container;

    [Params(1, 16, 1000)]
    public int Messages { get; set; }

    [GlobalSetup]
    public async Task Start()
    {
        _log = _data.OpenLog();
        await _log.ReadAsync(0, null, new Replay(0, _log.Incarnation, _log.ContainerBits));
        var names = Letters.Names(Mailboxes);
        for (var i = 0; i < Mailboxes; i++) _targets[i] = [new(new(names[i], Epoch.Of(_log.Incarnation, (ulong)i + 1), MailboxOptions.Default), 1)];
        _batch.At = TimeProvider.System.GetUtcNow();
        _batch.Frames.Add(_frame);
        _message = Letters.Message(_batch.At);
        _container = Container;
    }

    [GlobalCleanup]
    public void Stop()
    {
        _log.Dispose();
        _data.Dispose();
    }

    [Benchmark]
    public void Commit()
    {
        _frame.Clear();
        var at = _log.NextAddress(0);
        var summary = new MessageSummary(_message.Body.Length, ExpiryTick.NotBefore(_message.Expires), null);
        for (var i = 0; i < Messages; i++)
        {
            var offset = _frame.Bodies.Length;
            MessageCodec.Write(_frame.Bodies, _message);
            new MessageAppendedRecord(at, offset, _frame.Bodies.Length - offset, summary, _targets[i], 1).Write(_frame.Records);
        }
        _log.Commit(_batch);
        if (Container != _container) Free();
    }

    long Container => (long)(_log.NextAddress(0) >> _log.ContainerBits);

    /// <summary>So that the directory does not grow with the benchmark's length.</summary>
    void Free()
    {
        using (var snapshot = _log.BeginSnapshot(0)) snapshot.Complete(_frame.Sequence);
        // A directory is freed before this returns.
        _log.FreeAsync(0, [_container]).AsTask().GetAwaiter().GetResult();
        _container = Container;
    }
}
