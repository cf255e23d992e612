namespace Mailbox.Grains;

/// <summary>
/// A gateway's end of a session with a silo. What is sent in a lane arrives once and in order, or the session ends: one batch of each lane is in flight while
/// the next collects, and a batch whose call failed is sent again with its number. A beat each second finds a silo that has forgotten the session.
/// Safe from any thread.
/// </summary>
/// <param name="number">Greater than that of any earlier session of this gateway with this silo.</param>
/// <param name="ended">Called once; with null where the process ended the session itself. Must return at once.</param>
sealed class SiloSession(
    SiloAddress silo, IMailboxHub hub, string gateway, IGatewayLink link, long number, TimeProvider time, Action<SiloSession, Exception?> ended)
{
    /// <summary>Of the bodies in one batch, so that what comes behind waits for no more; one request is always in it.</summary>
    const long MostBytes = 1 << 20;

    const int MostItems = 4096;

    /// <summary>A batch of fewer, and of fewer bytes, waits for answers to what was sent before it, so that many callers share it; a larger one does not.</summary>
    const int FewItems = 64;

    const long FewBytes = 32 << 10;

    // No longer than a commit takes: who waits for an answer that is late is not to hold up others.
    static readonly TimeSpan s_gather = TimeSpan.FromMilliseconds(2);

    // Nobody waits for what was written to be known; a window has room for more than comes meanwhile.
    static readonly TimeSpan s_gatherReports = TimeSpan.FromMilliseconds(5);

    // A silo that hangs for longer is declared dead (docs/cluster.md).
    static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);

    readonly Lane _control = new(SessionLane.Control);
    readonly Lane _bodies = new(SessionLane.Bodies);
    readonly TaskCompletionSource _end = new(TaskCreationOptions.RunContinuationsAsynchronously);
    volatile bool _isForgotten;

    public SiloAddress Silo => silo;

    public bool IsEnded => _end.Task.IsCompleted;

    /// <summary>Whether nothing is on its way.</summary>
    public bool IsQuiet => _control.IsQuiet && _bodies.IsQuiet;

    /// <param name="weight">Bytes of the request's bodies.</param>
    public void Send(SessionLane lane, in PartitionRequest request, int weight)
    {
        var to = lane == SessionLane.Control ? _control : _bodies;
        lock (to)
        {
            to.Requests.Enqueue((request, weight));
            to.Bytes += weight;
            if (to.Unanswered == 0 || to.IsLarge) to.Gathering?.TrySetResult();
            Start(to);
        }
    }

    /// <summary>The silo has answered requests of a lane, or they are not waited for any more.</summary>
    public void NoteAnswered(SessionLane lane, int count)
    {
        var of = lane == SessionLane.Control ? _control : _bodies;
        lock (of)
        {
            of.Unanswered -= count;
            of.Gathering?.TrySetResult();
        }
    }

    public void Report(in ReaderReport report)
    {
        lock (_control)
        {
            _control.Reports.Enqueue(report);
            if (_control.IsLarge) _control.Gathering?.TrySetResult();
            Start(_control);
        }
    }

    /// <summary>Requests of a session that has ended which the silo has surely not taken.</summary>
    public async Task<HashSet<long>> NotTakenAsync()
    {
        foreach (var lane in (Lane[])[_control, _bodies]) await lane.Running.ConfigureAwait(false);
        var ids = new HashSet<long>();
        foreach (var lane in (ReadOnlySpan<Lane>)[_control, _bodies])
            lock (lane)
            {
                foreach (var (request, _) in lane.Requests) ids.Add(request.Id);
                foreach (var request in lane.Refused?.Requests ?? []) ids.Add(request.Id);
            }
        return ids;
    }

    /// <summary>Says that the gateway is there, unless a batch is on its way that says so.</summary>
    public void Beat()
    {
        lock (_control)
        {
            if (_control.IsRunning) return;
            _control.IsBeating = true;
            Start(_control);
        }
    }

    /// <summary>Nothing more is sent or waited for.</summary>
    public void End(Exception? cause = null)
    {
        if (_end.TrySetResult()) ended(this, cause);
    }

    void Start(Lane lane)
    {
        if (lane.IsRunning || IsEnded) return;
        lane.IsRunning = true;
        var running = new TaskCompletionSource();
        lane.Running = running.Task;
        // Behind what is ready to run and may have more to send.
        ThreadPool.UnsafeQueueUserWorkItem(
            static async one =>
            {
                await one.Session.PumpAsync(one.Lane).ConfigureAwait(false);
                one.Running.SetResult();
            },
            (Session: this, Lane: lane, Running: running), preferLocal: false);
    }

    async Task PumpAsync(Lane lane)
    {
        while (true)
        {
            await GatherAsync(lane).ConfigureAwait(false);
            if (Take(lane) is not { } batch || !await SendAsync(lane, batch).ConfigureAwait(false)) return;
        }
    }

    /// <summary>Lets more come while earlier requests are not answered, for a moment: a batch costs the same with one request and with fifty.</summary>
    async Task GatherAsync(Lane lane)
    {
        TaskCompletionSource gathering;
        TimeSpan longest;
        lock (lane)
        {
            if (lane.IsLarge || lane.IsBeating || (lane.Requests.Count == 0 ? lane.Reports.Count == 0 : lane.Unanswered == 0)) return;
            longest = lane.Requests.Count == 0 ? s_gatherReports : s_gather;
            lane.Gathering = gathering = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }
        await Task.WhenAny(gathering.Task, Task.Delay(longest, time)).ConfigureAwait(false);
        lock (lane) lane.Gathering = null;
    }

    SessionBatch? Take(Lane lane)
    {
        lock (lane)
        {
            var reports = new ReaderReport[Math.Min(lane.Reports.Count, MostItems)];
            for (var i = 0; i < reports.Length; i++) reports[i] = lane.Reports.Dequeue();
            var requests = new List<PartitionRequest>();
            // A report that is left behind was made before the requests and is to arrive before them.
            for (var bytes = 0L; lane.Reports.Count == 0 && requests.Count < MostItems && lane.Requests.TryPeek(out var next); bytes += next.Weight)
            {
                if (requests.Count > 0 && bytes + next.Weight > MostBytes) break;
                requests.Add(lane.Requests.Dequeue().Request);
                lane.Bytes -= next.Weight;
            }
            lane.Unanswered += requests.Count;
            if (reports.Length > 0 || requests.Count > 0) lane.Number++;
            else if (!lane.IsBeating)
            {
                lane.IsRunning = false;
                return null;
            }
            lane.IsBeating = false;
            return new()
            {
                Gateway = gateway,
                Link = link,
                Session = number,
                Lane = lane.Kind,
                Number = lane.Number,
                Reports = reports,
                Requests = [.. requests],
            };
        }
    }

    /// <returns>False where the session has ended.</returns>
    async Task<bool> SendAsync(Lane lane, SessionBatch batch)
    {
        var (start, backoff) = (time.GetTimestamp(), new Backoff(time));
        for (var isFirst = true; !IsEnded; isFirst = false)
        {
            try
            {
                var call = hub.Take(batch);
                // A silo that has forgotten the session is there, and says whether it has taken this batch.
                if (await Task.WhenAny(call, _end.Task).ConfigureAwait(false) != call && !_isForgotten) break;
                if (await call.ConfigureAwait(false)) return true;
                // An attempt before may have been taken, in a session that the silo has dropped since.
                if (isFirst) lane.Refused = batch;
                _isForgotten = true;
                End(new InvalidOperationException("The silo does not know the session."));
            }
            catch (Exception fault)
            {
                // That the silo is gone is known by the cluster's membership, which ends the session.
                if (time.GetElapsedTime(start) >= s_patience) End(fault);
                else await backoff.WaitAsync(CancellationToken.None).ConfigureAwait(false);
            }
        }
        return false;
    }

    /// <summary>What waits for the next batch. Locked while it is used.</summary>
    sealed class Lane(SessionLane kind)
    {
        public SessionLane Kind => kind;

        public Queue<(PartitionRequest Request, int Weight)> Requests { get; } = new();

        public Queue<ReaderReport> Reports { get; } = new();

        public long Bytes { get; set; }

        /// <summary>Sent and not answered.</summary>
        public int Unanswered { get; set; }

        /// <summary>Set while the next batch is gathered; ends that.</summary>
        public TaskCompletionSource? Gathering { get; set; }

        public bool IsLarge => Requests.Count >= FewItems || Bytes >= FewBytes || Reports.Count >= MostItems;

        public long Number { get; set; }

        public Task Running { get; set; } = Task.CompletedTask;

        public bool IsBeating { get; set; }

        /// <summary>What the silo did not take because it does not know the session.</summary>
        public SessionBatch? Refused { get; set; }

        public bool IsRunning { get; set; }

        public bool IsQuiet
        {
            get
            {
                lock (this) return !IsRunning;
            }
        }
    }
}
