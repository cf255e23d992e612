using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Mailbox.Grains;

/// <summary>
/// Station 1 in a cluster: brings requests to the owner of their partition, in the order of the calls for each partition, and again where they were surely
/// not done, or may have been and are harmless to repeat. A partition's requests name its owner's claim. Once one of them is refused, later ones wait until
/// none is under way any more; then those that were refused go to the new owner in their first order, and the later ones after them. Safe from any thread.
/// </summary>
sealed partial class GridRequests : IDisposable
{
    /// <summary>Of the bodies of all requests that are not answered: as much as an engine lets wait.</summary>
    const long MostBytes = 64 << 20;

    static readonly TimeSpan s_deadline = TimeSpan.FromSeconds(25);
    static readonly TimeSpan s_uncertain = TimeSpan.FromSeconds(10);
    static readonly TimeSpan s_longestPause = TimeSpan.FromMilliseconds(200);

    readonly ConcurrentDictionary<SiloAddress, SiloSession> _sessions = new();
    readonly ConcurrentDictionary<long, PendingRequest> _underWay = new();
    readonly CancellationTokenSource _stopping;
    readonly PartitionOwners _owners;
    readonly MailboxHubs _hubs;
    readonly GridState _state;
    readonly TimeProvider _time;
    readonly ILogger _log;
    readonly Lock _gate = new();
    PartitionQueue[] _queues = [];
    long _bytes;
    long _lastId;
    long _lastSession;
    int _isResuming;

    public GridRequests(
        PartitionOwners owners, MailboxHubs hubs, ILocalSiloDetails silo, GridState state, TimeProvider time, ILogger<GridRequests> log)
    {
        (_owners, _hubs, _state, _time, _log) = (owners, hubs, state, time, log);
        Gateway = silo.SiloAddress.ToParsableString();
        _stopping = CancellationTokenSource.CreateLinkedTokenSource(state.Lost);
        _stopping.Token.Register(GiveAllUp);
    }

    /// <summary>What was attached in the session is lost. Must return at once.</summary>
    public event Action<SiloSession>? SessionEnded;

    /// <summary>Where silos answer and push to; set once, before the first request.</summary>
    public IGatewayLink? Link { get; set; }

    /// <summary>The name of this process among gateways.</summary>
    public string Gateway { get; }

    /// <summary>Silos that this process has a session with.</summary>
    public IEnumerable<SiloSession> Sessions => _sessions.Values;

    /// <summary>For tests: whether nothing is on its way to any silo.</summary>
    internal bool IsQuiet => _underWay.IsEmpty && _sessions.Values.All(static session => session.IsQuiet);

    /// <summary>Asks the owner of a name's partition.</summary>
    /// <param name="weight">Bytes of the request's bodies.</param>
    /// <param name="isUnanswered">Whether an answer says that nothing was done, or that it is unknown and may be repeated.</param>
    /// <param name="isRepeatable">True where doing it twice is as doing it once. Otherwise only what was surely not done is repeated.</param>
    /// <param name="read">Makes the answer of what the silo has answered in a session.</param>
    /// <param name="giveUp">
    /// The answer where there is none: of <see cref="Outcome.NotOwner"/> where nothing was done, <see cref="Outcome.StoreFailed"/> where that is unknown,
    /// <see cref="Outcome.Overloaded"/> where too much waits.
    /// </param>
    public Task<T> AskAsync<T>(
        string name, SessionLane lane, object body, int weight, Func<object, SiloSession, T> read, Func<T, bool> isUnanswered, bool isRepeatable, Func<Outcome, T> giveUp)
    {
        if (!_state.HasSilo || _stopping.IsCancellationRequested) return Task.FromResult(giveUp(Outcome.NotOwner));
        if (Interlocked.Read(ref _bytes) is > 0 and var waiting && waiting + weight > MostBytes) return Task.FromResult(giveUp(Outcome.Overloaded));
        var request = new PendingRequest<T>(read, isUnanswered, giveUp)
        {
            Queue = QueueOf(name),
            Lane = lane,
            Body = body,
            Weight = weight,
            IsRepeatable = isRepeatable,
            Start = _time.GetTimestamp(),
        };
        Interlocked.Add(ref _bytes, weight);
        var queue = request.Queue;
        lock (queue)
        {
            queue.Unanswered.AddLast(request.Node);
            if (!queue.IsBlocked && !TrySend(request)) queue.IsBlocked = true;
        }
        ResumeIfBlocked(queue);
        return request.Answer;
    }

    /// <summary>Takes what a silo has answered. An answer that comes twice, or late, is to no request.</summary>
    public void Take(AnswerBatch batch)
    {
        SiloSession? session = null;
        Span<int> answered = stackalloc int[2];
        for (var i = 0; i < batch.Ids.Length; i++)
        {
            if (!_underWay.TryRemove(batch.Ids[i], out var request)) continue;
            session ??= request.Session;
            answered[(int)request.Lane]++;
            if (batch.Answers[i] is RequestFailed) TakeUncertain(request);
            else Take(request, batch.Answers[i]);
        }
        for (var lane = 0; lane < answered.Length; lane++)
            if (answered[lane] > 0) session?.NoteAnswered((SessionLane)lane, answered[lane]);
    }

    /// <summary>The silo has left the cluster.</summary>
    public void Forget(SiloAddress silo)
    {
        if (_sessions.TryGetValue(silo, out var session)) session.End();
    }

    /// <summary>Called each second.</summary>
    public void Beat()
    {
        foreach (var session in _sessions.Values) session.Beat();
        foreach (var request in _underWay.Values)
        {
            var age = _time.GetElapsedTime(request.Start);
            if (age < (request.IsRepeatable ? s_deadline : s_uncertain) || !_underWay.TryRemove(request.Id, out _)) continue;
            request.IsUncertain = true;
            request.Session?.NoteAnswered(request.Lane, 1);
            GiveUp(request);
        }
    }

    public void Dispose()
    {
        _stopping.Cancel();
        _stopping.Dispose();
    }

    PartitionQueue QueueOf(string name)
    {
        var count = _owners.Count;
        var queues = Volatile.Read(ref _queues);
        if (queues.Length != count)
            lock (_gate)
            {
                queues = _queues;
                if (queues.Length != count)
                    Volatile.Write(ref _queues, queues = [.. Enumerable.Range(0, count).Select(static number => new PartitionQueue(number))]);
            }
        return queues[Engine.PartitionTable.NumberOf(name, count)];
    }

    /// <summary>In the queue's lock.</summary>
    /// <returns>False where it is unknown who owns the partition.</returns>
    bool TrySend(PendingRequest request)
    {
        if (_owners[request.Queue.Number] is not { Silo: { } silo } owner) return false;
        var session = SessionWith(silo);
        request.Id = Interlocked.Increment(ref _lastId);
        request.Session = session;
        request.Queue.UnderWay++;
        _underWay[request.Id] = request;
        session.Send(request.Lane, new(request.Id, request.Queue.Number, owner.Claim, request.Body), request.Weight);
        // A session that ended meanwhile has not seen it.
        if (session.IsEnded) _ = Task.Run(() => LoseAsync(session));
        return true;
    }

    SiloSession SessionWith(SiloAddress silo)
    {
        if (_sessions.TryGetValue(silo, out var session)) return session;
        lock (_gate)
        {
            if (_sessions.TryGetValue(silo, out session)) return session;
            return _sessions[silo] = new(silo, _hubs.Of(silo), Gateway, Link!, ++_lastSession, _time, EndSession);
        }
    }

    void EndSession(SiloSession session, Exception? cause)
    {
        _sessions.TryRemove(KeyValuePair.Create(session.Silo, session));
        _owners.Forget(session.Silo);
        if (cause is not null && !_stopping.IsCancellationRequested) LogEnded(session.Silo, cause);
        // Not in the locks of whoever found out.
        _ = Task.Run(() => LoseAsync(session));
        SessionEnded?.Invoke(session);
    }

    /// <summary>Whether the silo has done what it has taken in the session is unknown.</summary>
    async Task LoseAsync(SiloSession session)
    {
        var notTaken = await session.NotTakenAsync().ConfigureAwait(false);
        foreach (var request in _underWay.Values)
        {
            if (request.Session != session || !_underWay.TryRemove(request.Id, out _)) continue;
            if (notTaken.Contains(request.Id)) Take(request, null);
            else TakeUncertain(request);
        }
    }

    void TakeUncertain(PendingRequest request)
    {
        request.IsUncertain = true;
        if (request.IsRepeatable) Take(request, null);
        else GiveUp(request);
    }

    /// <param name="answer">Null where the silo has refused the request, or may never have seen it.</param>
    void Take(PendingRequest request, object? answer)
    {
        var queue = request.Queue;
        var isAnswered = answer is not null && request.Read(answer);
        lock (queue)
        {
            if (isAnswered || _time.GetElapsedTime(request.Start) >= s_deadline || _stopping.IsCancellationRequested)
            {
                TakeOff(request);
            }
            else
            {
                // An answer that says to repeat it may say so because nobody knows whether it was done.
                request.IsUncertain |= answer is not null && request.IsRepeatable;
                queue.UnderWay--;
                queue.IsBlocked = true;
                request.Session = null;
            }
        }
        if (request.Node.List is null) Finish(request, isAnswered);
        ResumeIfBlocked(queue);
    }

    void GiveUp(PendingRequest request)
    {
        lock (request.Queue) TakeOff(request);
        Finish(request, isAnswered: false);
        ResumeIfBlocked(request.Queue);
    }

    /// <summary>In the queue's lock.</summary>
    static void TakeOff(PendingRequest request)
    {
        if (request.Session is not null) request.Queue.UnderWay--;
        request.Session = null;
        request.Queue.Unanswered.Remove(request.Node);
    }

    void Finish(PendingRequest request, bool isAnswered)
    {
        Interlocked.Add(ref _bytes, -request.Weight);
        if (isAnswered) request.Complete();
        else request.GiveUp(request.IsUncertain ? Outcome.StoreFailed : Outcome.NotOwner);
    }

    void ResumeIfBlocked(PartitionQueue queue)
    {
        if (Volatile.Read(ref queue.IsBlocked) && Interlocked.Exchange(ref _isResuming, 1) == 0) _ = Task.Run(ResumeAsync);
    }

    /// <summary>Asks the silos what they own, and goes on with partitions whose owner is known again, until none is blocked.</summary>
    async Task ResumeAsync()
    {
        var backoff = new Backoff(_time, s_longestPause);
        do
        {
            while (!_stopping.IsCancellationRequested)
            {
                await _owners.AskAsync().ConfigureAwait(false);
                var isDone = true;
                foreach (var queue in Volatile.Read(ref _queues)) isDone &= TryResume(queue);
                if (isDone) break;
                await backoff.WaitAsync(_stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            Volatile.Write(ref _isResuming, 0);
            Interlocked.MemoryBarrier();
        }
        while (!_stopping.IsCancellationRequested && Volatile.Read(ref _queues).Any(static queue => queue.IsBlocked) && Interlocked.Exchange(ref _isResuming, 1) == 0);
        if (_stopping.IsCancellationRequested) GiveAllUp();
    }

    /// <returns>False where the partition is still blocked.</returns>
    bool TryResume(PartitionQueue queue)
    {
        List<PendingRequest>? late = null;
        lock (queue)
        {
            if (!queue.IsBlocked) return true;
            if (queue.UnderWay > 0) return false;
            for (var node = queue.Unanswered.First; node is not null;)
            {
                var (request, next) = (node.Value, node.Next);
                if (_time.GetElapsedTime(request.Start) >= s_deadline)
                {
                    TakeOff(request);
                    (late ??= []).Add(request);
                }
                node = next;
            }
            queue.IsBlocked = false;
            foreach (var request in queue.Unanswered)
            {
                if (TrySend(request)) continue;
                queue.IsBlocked = true;
                break;
            }
        }
        foreach (var request in late ?? []) Finish(request, isAnswered: false);
        return !queue.IsBlocked;
    }

    /// <summary>The process is leaving, or its one silo is gone.</summary>
    void GiveAllUp()
    {
        foreach (var session in _sessions.Values) session.End();
        foreach (var queue in Volatile.Read(ref _queues))
        {
            PendingRequest[] all;
            lock (queue)
            {
                all = [.. queue.Unanswered];
                foreach (var request in all)
                {
                    request.IsUncertain |= request.Session is not null;
                    _underWay.TryRemove(request.Id, out _);
                    TakeOff(request);
                }
            }
            foreach (var request in all) Finish(request, isAnswered: false);
        }
    }

    [LoggerMessage(3102, LogLevel.Warning, "The session with silo {Silo} has ended: its readers attach again.")]
    partial void LogEnded(SiloAddress silo, Exception cause);
}

/// <summary>What is not answered of one partition's requests. Locked while it is used.</summary>
sealed class PartitionQueue(int number)
{
    /// <summary>An owner has refused a request, or none is known: nothing is sent until none is under way and an owner is known.</summary>
    public bool IsBlocked;

    public int Number => number;

    /// <summary>In the order of the calls.</summary>
    public LinkedList<PendingRequest> Unanswered { get; } = [];

    /// <summary>How many of them were sent and not answered.</summary>
    public int UnderWay { get; set; }
}

/// <summary>A request that is not answered. Changed in the lock of its queue.</summary>
abstract class PendingRequest
{
    protected PendingRequest() => Node = new(this);

    public LinkedListNode<PendingRequest> Node { get; }

    public required PartitionQueue Queue { get; init; }

    public required SessionLane Lane { get; init; }

    public required object Body { get; init; }

    public required int Weight { get; init; }

    public required bool IsRepeatable { get; init; }

    public required long Start { get; init; }

    /// <summary>Another one each time that it is sent.</summary>
    public long Id { get; set; }

    /// <summary>Where it is under way.</summary>
    public SiloSession? Session { get; set; }

    /// <summary>An attempt may have done it.</summary>
    public bool IsUncertain { get; set; }

    /// <summary>Keeps an answer.</summary>
    /// <returns>False where it says to repeat the request.</returns>
    public abstract bool Read(object answer);

    /// <summary>Answers with what was read.</summary>
    public abstract void Complete();

    public abstract void GiveUp(Outcome why);
}

sealed class PendingRequest<T>(Func<object, SiloSession, T> read, Func<T, bool> isUnanswered, Func<Outcome, T> giveUp) : PendingRequest
{
    readonly TaskCompletionSource<T> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
    T? _read;

    public Task<T> Answer => _answer.Task;

    public override bool Read(object answer)
    {
        var value = read(answer, Session!);
        _read = value;
        return !isUnanswered(value);
    }

    public override void Complete() => _answer.TrySetResult(_read!);

    public override void GiveUp(Outcome why) => _answer.TrySetResult(giveUp(why));
}
