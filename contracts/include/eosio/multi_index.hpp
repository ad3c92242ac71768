#pragma once

#include <snapscale/database/multi_index.hpp>
