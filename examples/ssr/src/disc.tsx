// SPDX-License-Identifier: Apache-2.0

import type { FC } from "hono/jsx";

const RADIUS = 100;

/** The outline of what is lit, in a circle of RADIUS around 0, 0: half of the limb, and the terminator, half an ellipse. */
export function litPath(angle: number): string {
    const cosine = Math.cos((angle * Math.PI) / 180);
    const waxing = angle < 180;
    const limb = waxing ? 1 : 0; // the sun stands to the right of a waxing moon, as the north sees it
    const bulges = cosine < 0 === waxing ? 1 : 0;
    const width = (Math.abs(cosine) * RADIUS).toFixed(2);
    return `M0-${RADIUS}A${RADIUS} ${RADIUS} 0 0 ${limb} 0 ${RADIUS}A${width} ${RADIUS} 0 0 ${bulges} 0-${RADIUS}Z`;
}

// The seas, as a child would draw them: x, y, width, height.
const SEAS: [number, number, number, number][] = [
    [-32, -42, 30, 25],
    [22, -38, 21, 18],
    [40, -8, 20, 20],
    [64, -36, 11, 8],
    [62, 16, 12, 17],
    [30, 22, 11, 13],
    [-58, 6, 27, 42],
    [-20, 32, 18, 13],
    [-46, 50, 11, 9],
];

/** The moon as a picture; with `seas` one that is large enough to see them. */
export const Disc: FC<{ angle: number; label?: string; seas?: boolean }> = ({ angle, label, seas = false }) => {
    const path = litPath(angle);
    return (
        <svg class="disc" viewBox="-100 -100 200 200" role="img" aria-label={label} aria-hidden={label ? undefined : "true"}>
            <path class="lit" d={path} />
            {seas && (
                <>
                    <clipPath id="lit">
                        <path d={path} />
                    </clipPath>
                    <g class="seas" clip-path="url(#lit)">
                        {SEAS.map(([x, y, width, height]) => (
                            <ellipse cx={x} cy={y} rx={width} ry={height} />
                        ))}
                    </g>
                </>
            )}
        </svg>
    );
};
