import type { Trip } from '../trip.js';

export async function settle(_trip: Trip): Promise<void> {}
