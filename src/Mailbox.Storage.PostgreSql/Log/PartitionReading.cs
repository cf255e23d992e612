using System.Buffers;
using System.Data;
using Npgsql;

namespace Mailbox.Storage.PostgreSql;

/// <summary>
/// Reads a partition as it was at one moment: what its owner trims meanwhile stays to be read. Slices and frames come one by one as the server
/// sends them, through one buffer.
/// </summary>
sealed class PartitionReading(LogDatabase database)
{
    public async ValueTask<LogEnd> ReadAsync(int partition, LogEnd? from, ILogReader into, CancellationToken cancel)
    {
        using var buffer = new ReadBuffer();
        return await PostgresFault.GuardAsync(async () =>
        {
            await using var connection = await database.ConnectAsync(cancel).ConfigureAwait(false);
            if (from is { } known && await ReadFramesAsync(connection, known, buffer, into, cancel).ConfigureAwait(false) is { } behind) return behind;
            await using var transaction = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancel).ConfigureAwait(false);
            into.Begin();
            var begin = await ReadSnapshotAsync(connection, partition, buffer, into, cancel).ConfigureAwait(false);
            return await ReadFramesAsync(connection, new(partition, begin, 0), buffer, into, cancel).ConfigureAwait(false)
                ?? throw new StoreException($"Partition {partition} is damaged: frame {Math.Max(begin, 1)} is missing.");
        }).ConfigureAwait(false);
    }

    public async ValueTask ReadBodiesAsync(
        int partition, ReadOnlyMemory<BodyRange> ranges, Memory<ReadOnlyMemory<byte>> into, CancellationToken cancel)
    {
        // A part of a body that lies in the table's overflow is read without the rest.
        const string Bodies = """
            SELECT r.place - 1, substring(b.bytes FROM (r.address - b.at)::integer + 1 FOR r.most)
            FROM unnest($2, $3) WITH ORDINALITY r (address, most, place)
            CROSS JOIN LATERAL (SELECT * FROM bodies WHERE partition = $1 AND at <= r.address ORDER BY at DESC LIMIT 1) b
            WHERE r.address < b.at + b.size
            """;
        var addresses = new long[ranges.Length];
        var most = new int[ranges.Length];
        for (var i = 0; i < ranges.Length; i++) (addresses[i], most[i]) = ((long)ranges.Span[i].Address, ranges.Span[i].MostBytes);
        var found = await PostgresFault.GuardAsync(async () =>
        {
            var bodies = new byte[]?[addresses.Length];
            await using var connection = await database.ConnectAsync(cancel).ConfigureAwait(false);
            await using var command = connection.Command(Bodies, partition, addresses, most);
            await using var reader = await command.ExecuteReaderAsync(cancel).ConfigureAwait(false);
            while (await reader.ReadAsync(cancel).ConfigureAwait(false)) bodies[reader.GetInt64(0)] = reader.GetFieldValue<byte[]>(1);
            return bodies;
        }).ConfigureAwait(false);
        for (var i = 0; i < found.Length; i++) into.Span[i] = found[i];
    }

    /// <returns>The frame behind which a reading goes on; 0 where there is no snapshot.</returns>
    static async Task<long> ReadSnapshotAsync(NpgsqlConnection connection, int partition, ReadBuffer buffer, ILogReader into, CancellationToken cancel)
    {
        const string Slices = """
            SELECT s.slice, s.seq, s.through, s.bytes FROM snapshots s
            JOIN (SELECT id FROM snapshots WHERE partition = $1 AND through IS NOT NULL ORDER BY seq DESC, id DESC LIMIT 1) newest ON newest.id = s.id
            WHERE s.partition = $1 ORDER BY s.slice
            """;
        await using var command = connection.Command(Slices, partition);
        await using var reader = await command.ExecuteReaderAsync(CommandBehavior.SequentialAccess, cancel).ConfigureAwait(false);
        for (var slice = 0; await reader.ReadAsync(cancel).ConfigureAwait(false); slice++)
        {
            if (reader.GetInt32(0) != slice) break;
            var begin = reader.GetInt64(1);
            if (await reader.IsDBNullAsync(2, cancel).ConfigureAwait(false))
            {
                into.Slice((await buffer.ReadAsync(reader, 3, cancel).ConfigureAwait(false)).Span);
                continue;
            }
            into.SnapshotEnds(reader.GetInt64(2));
            return begin;
        }
        return reader.HasRows ? throw new StoreException($"A snapshot of partition {partition} lacks a slice.") : 0;
    }

    /// <returns>Null, and nothing read, where the frame that the reading goes on behind is not there: trimmed, or lost.</returns>
    static async Task<LogEnd?> ReadFramesAsync(NpgsqlConnection connection, LogEnd behind, ReadBuffer buffer, ILogReader into, CancellationToken cancel)
    {
        const string Frames = """
            SELECT seq, claim, at, bodies_at, body_bytes, records FROM slots WHERE partition = $1 AND seq >= $2 ORDER BY seq
            """;
        await using var command = connection.Command(Frames, behind.Partition, behind.Sequence);
        await using var reader = await command.ExecuteReaderAsync(CommandBehavior.SequentialAccess, cancel).ConfigureAwait(false);
        var end = behind;
        while (await reader.ReadAsync(cancel).ConfigureAwait(false))
        {
            var (sequence, claim) = (reader.GetInt64(0), reader.GetInt64(1));
            if (sequence == behind.Sequence)
            {
                // Another claim's frame under this number: the database has lost its end since.
                if (behind.Claim != 0 && behind.Claim != claim) return null;
                end = end with { Claim = claim };
                continue;
            }
            if (end.Claim == 0 && behind.Sequence != 0) return null;
            if (sequence != end.Sequence + 1)
                return end == behind ? null : throw new StoreException($"Partition {behind.Partition} is damaged: frame {end.Sequence + 1} is missing.");
            var at = DateTimeOffset.FromUnixTimeMilliseconds(reader.GetInt64(2));
            var frame = new FrameInfo(sequence, at, (ulong)reader.GetInt64(3), reader.GetInt32(4));
            into.Frame(frame, (await buffer.ReadAsync(reader, 5, cancel).ConfigureAwait(false)).Span);
            end = new(behind.Partition, sequence, claim);
        }
        return end.Claim == 0 && behind.Sequence != 0 ? null : end;
    }

    /// <summary>Room for one slice or one frame.</summary>
    sealed class ReadBuffer : IDisposable
    {
        byte[] _bytes = ArrayPool<byte>.Shared.Rent(1 << 16);

        public async ValueTask<ReadOnlyMemory<byte>> ReadAsync(NpgsqlDataReader row, int column, CancellationToken cancel)
        {
            await using var stream = await row.GetStreamAsync(column, cancel).ConfigureAwait(false);
            var length = checked((int)stream.Length);
            if (length > _bytes.Length)
            {
                ArrayPool<byte>.Shared.Return(_bytes);
                _bytes = ArrayPool<byte>.Shared.Rent(length);
            }
            await stream.ReadExactlyAsync(_bytes.AsMemory(0, length), cancel).ConfigureAwait(false);
            return _bytes.AsMemory(0, length);
        }

        public void Dispose() => ArrayPool<byte>.Shared.Return(_bytes);
    }
}
