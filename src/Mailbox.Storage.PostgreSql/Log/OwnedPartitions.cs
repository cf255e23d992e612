using Npgsql;

namespace Mailbox.Storage.PostgreSql;

/// <summary>What a process knows of a partition that it has claimed. Its members are guarded by <see cref="OwnedPartitions"/>.</summary>
sealed class OwnedPartition(int number, long claim, uint incarnation)
{
    public int Number => number;

    public long Claim => claim;

    /// <summary>Of the epochs of its mailboxes.</summary>
    public uint Incarnation => incarnation;

    /// <summary>The newest slot under this claim.</summary>
    public long Last { get; set; }

    /// <summary>The address behind the newest body.</summary>
    public ulong End { get; set; }

    /// <summary>Another has claimed it, or it was given up: no more is stored under this claim.</summary>
    public bool IsLost { get; set; }

    /// <summary>A frame was sent for the number behind <see cref="Last"/>, and nobody knows whether it is stored.</summary>
    public bool IsInDoubt { get; set; }

    public CompleteSnapshot? Snapshot { get; set; }
}

/// <param name="Begin">A reading goes on behind this frame.</param>
/// <param name="End">The address behind the bodies of the frames up to there.</param>
readonly record struct CompleteSnapshot(long Id, long Begin, ulong End);

/// <summary>
/// The partitions that this process has claimed. It hears that it has lost one when the database refuses a commit or has another timeline.
/// </summary>
sealed class OwnedPartitions(LogDatabase database)
{
    readonly Dictionary<int, OwnedPartition> _byNumber = [];

    public Lock Lock { get; } = new();

    /// <exception cref="InvalidOperationException">This process has never claimed it.</exception>
    public OwnedPartition this[int number] => Find(number) ?? throw new InvalidOperationException($"Partition {number} was not claimed.");

    /// <summary>Where the bodies of its next frame will lie.</summary>
    public ulong NextAddress(OwnedPartition partition)
    {
        lock (Lock) return BodyAddress.Behind(partition.End, database.Options.ContainerBytes);
    }

    /// <summary>By the newest claim of this process, lost or not.</summary>
    public OwnedPartition? Find(int number)
    {
        lock (Lock) return _byNumber.GetValueOrDefault(number);
    }

    public void Add(OwnedPartition partition)
    {
        lock (Lock) _byNumber[partition.Number] = partition;
    }

    public OwnedPartition[] All()
    {
        lock (Lock) return [.. _byNumber.Values.Where(static one => !one.IsLost)];
    }

    /// <summary>The server was promoted or restored. Where the newest frame that we know is there, nothing is lost that anybody was told of.</summary>
    public void Verify(NpgsqlConnection connection, int timeline)
    {
        const string Note = """
            UPDATE partitions p SET timeline = $3 FROM unnest($1, $2) o (partition, claim) WHERE p.partition = o.partition AND p.claim = o.claim
            """;
        MarkLost(connection, All());
        var all = All();
        using var command = connection.Command(Note, Numbers(all), Array.ConvertAll(all, static one => one.Claim), timeline);
        command.ExecuteNonQuery();
    }

    /// <summary>
    /// Finds those that have another owner: the newest slot is of another claim. One below ours, or our number under another claim, means that
    /// the database has lost its end; then what is loaded next must have new epochs.
    /// </summary>
    /// <returns>Whether there were any.</returns>
    public bool MarkLost(NpgsqlConnection connection, OwnedPartition[] partitions)
    {
        const string Ask = """
            SELECT coalesce(newest.seq, 0), coalesce(newest.claim, 0), ours.claim FROM unnest($1, $2) WITH ORDINALITY o (partition, seq, place)
            LEFT JOIN LATERAL (SELECT seq, claim FROM slots s WHERE s.partition = o.partition ORDER BY seq DESC LIMIT 1) newest ON true
            LEFT JOIN slots ours ON ours.partition = o.partition AND ours.seq = o.seq
            ORDER BY o.place
            """;
        if (partitions.Length == 0) return false;
        var lasts = new long[partitions.Length];
        lock (Lock)
            for (var i = 0; i < lasts.Length; i++) lasts[i] = partitions[i].Last;
        var lost = new List<OwnedPartition>();
        var cut = new List<OwnedPartition>();
        using (var command = connection.Command(Ask, Numbers(partitions), lasts))
        using (var reader = command.ExecuteReader())
            for (var i = 0; reader.Read(); i++)
            {
                var (newest, claim) = (reader.GetInt64(0), reader.GetInt64(1));
                if (claim == partitions[i].Claim && newest >= lasts[i]) continue;
                lost.Add(partitions[i]);
                if (newest < lasts[i] || (!reader.IsDBNull(2) && reader.GetInt64(2) != partitions[i].Claim)) cut.Add(partitions[i]);
            }
        foreach (var incarnation in cut.Select(static one => one.Incarnation).Distinct()) database.ChangeIncarnation(connection, incarnation);
        foreach (var partition in lost) partition.IsLost = true;
        return lost.Count > 0;
    }

    static int[] Numbers(OwnedPartition[] partitions) => Array.ConvertAll(partitions, static one => one.Number);
}

/// <summary>
/// Addresses of bodies: a partition's bodies lie one behind the other. A frame lies within one container, so that a container is freed by removing
/// rows: behind a few megabytes the next one is begun, and the rest of its addresses is never used. The top bit of the 58 is kept for bodies that
/// partitions share.
/// </summary>
static class BodyAddress
{
    public const int ContainerBits = 25;

    /// <summary>Of one frame's bodies, in bytes.</summary>
    public const int MostBytes = (1 << 24) - 1;

    const ulong ContainerMask = (1UL << ContainerBits) - 1;

    /// <summary>Where the bodies behind <paramref name="end"/> begin; 0 is no address.</summary>
    /// <param name="fullAt">From so many bytes on, a container takes no more frames.</param>
    public static ulong Behind(ulong end, int fullAt) => end != 0 && (end & ContainerMask) < (uint)fullAt ? end : (end | ContainerMask) + 1;
}
